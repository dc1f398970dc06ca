// The coordinator's own certificate, while the coordinator runs for longer than a year.
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tlsPeek } from '../../../../agent/host/tls-peek.ts';
import { initCoordinator } from '../../../../coordinator/init.ts';
import { dataPaths } from '../../../../coordinator/keys/paths.ts';
import { type Running, serve } from '../../../../coordinator/serve.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { FakeClock } from '../../../fakes/clock.ts';

const dayMs = 24 * 3_600_000;
let dataDir: string;
let clock: FakeClock;
let running: Running;

beforeEach(async () => {
  dataDir = join(await mkdtemp(join(tmpdir(), 'muster-renew-')), 'data');
  const ports = { grpcPort: 7443, httpsPort: 7480 };
  await initCoordinator({ dataDir, addresses: ['127.0.0.1'], ...ports });
  clock = new FakeClock(Date.now());
  running = await serve({
    dataDir,
    listen: { host: '127.0.0.1', grpcPort: 0, httpsPort: 0 },
    agentBinaries: {},
    log: silentLogger,
    signal: new AbortController().signal,
    clock,
  });
});
afterEach(async () => {
  await running.stop();
  await rm(join(dataDir, '..'), { recursive: true, force: true });
});

/** When what both ports show ends. */
const ends = async (): Promise<readonly number[]> =>
  await Promise.all(
    [running.grpcPort, running.httpsPort].map(async (port) => {
      const der = await tlsPeek({ host: '127.0.0.1', port }, new AbortController().signal);
      return new X509Certificate(der).validToDate.getTime();
    }),
  );

test('is issued anew in its last year, and shown by both ports without a restart', async () => {
  const [before = 0] = await ends();
  clock.skip(300 * dayMs);
  await expect.poll(() => clock.sleeping).toBeGreaterThan(0);
  expect(await ends()).toEqual([before, before]);
  await expect
    .poll(
      async () => {
        clock.skip(100 * dayMs);
        return Math.min(...(await ends()));
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(before);
  const stored = new X509Certificate(await readFile(dataPaths(dataDir).serverCertificate));
  expect(stored.validToDate.getTime()).toBeGreaterThan(before);
});
