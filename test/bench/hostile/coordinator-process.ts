// The coordinator as it runs: a process of its own, with a data directory of its own, on the loopback.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { credentials } from '@grpc/grpc-js';
import { initCoordinator } from '../../../coordinator/init.ts';
import { dataPaths } from '../../../coordinator/keys/paths.ts';
import { type ClusterRecord, keys } from '../../../coordinator/store/records.ts';
import { openSqliteStore } from '../../../coordinator/store/sqlite-store.ts';
import { update } from '../../../coordinator/store/store.ts';
import { createClient, openChannel } from '../../../shared/rpc/client.ts';
import type { OperatorDefinition } from '../../../shared/rpc/generated/muster/v1/Operator.ts';
import { services } from '../../../shared/rpc/load.ts';
import { aCluster } from '../../support/cluster-builders.ts';
import type { Reachable } from '../../support/test-node.ts';

export interface CoordinatorProcess extends Reachable {
  readonly dataDir: string;
  /** Of the process, in bytes. */
  residentBytes(): Promise<number>;
  token(uses: number): Promise<string>;
  stop(): Promise<void>;
}

const main = join(import.meta.dirname, '../../../coordinator/main.ts');

export async function startCoordinatorProcess(): Promise<CoordinatorProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  await initCoordinator({ dataDir, addresses: ['127.0.0.1'], grpcPort: 0, httpsPort: 0 });
  const store = openSqliteStore(dataPaths(dataDir).store);
  const cluster = aCluster();
  await update<ClusterRecord>(store, keys.cluster(cluster.name), () => cluster);
  await store.close();
  const child = spawn(
    process.execPath,
    [main, 'serve', '--data', dataDir, '--listen', '127.0.0.1', '--grpc-port', '0'].concat([
      '--https-port',
      '0',
    ]),
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const grpcPort = await servedPort(child);
  const channel = openChannel({
    address: `unix:${dataPaths(dataDir).socket}`,
    credentials: credentials.createInsecure(),
  });
  const operator = createClient<OperatorDefinition>(services.operator, channel);
  return {
    dataDir,
    grpcPort,
    caPem: await readFile(dataPaths(dataDir).fleetCaCertificate, 'utf8'),
    async residentBytes() {
      const status = await readFile(`/proc/${String(child.pid)}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
    },
    async token(uses) {
      const wish = { pool: 'workers', ttlSeconds: 3600, uses };
      return (await operator.CreateToken(wish, { timeoutMs: 60_000 })).token;
    },
    async stop() {
      channel.close();
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** As its log says. Whatever else it says is read and dropped: it must not fill the pipe. */
function servedPort(child: ChildProcess): Promise<number> {
  const log = child.stderr;
  if (log === null) throw new Error('the coordinator has no log');
  return new Promise((resolve, reject) => {
    createInterface({ input: log }).on('line', (line) => {
      const port = /"grpcPort":(\d+)/.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.once('exit', () => reject(new Error('the coordinator ended before it served')));
  });
}
