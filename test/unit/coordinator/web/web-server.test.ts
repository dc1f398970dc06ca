// The https port for real: TLS with the fleet's CA, artifacts with ranges, many readers at once.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataPaths } from '../../../../coordinator/keys/paths.ts';
import { parseRange } from '../../../../coordinator/web/artifact-range.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';

const artifact = randomBytes(3 * 1024 * 1024 + 17);
const digest = createHash('sha256').update(artifact).digest('hex');
const path = `/artifacts/sha256/${digest}`;
let coordinator: TestCoordinator;
let agent: HttpsAgent;

beforeEach(async () => {
  coordinator = await startTestCoordinator();
  await writeFile(join(dataPaths(coordinator.dataDir).artifacts, digest), artifact);
  agent = new Agent({ ca: coordinator.caPem, keepAlive: true });
});
afterEach(async () => {
  agent.destroy();
  await coordinator.stop();
});

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: coordinator.httpsPort,
      path: url,
      method,
      headers,
      agent,
    };
    const request = httpsRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    request.on('error', reject);
    request.end();
  });
}

describe('an artifact', () => {
  it('is served whole, by its digest, with what a fetch needs to resume', async () => {
    const { status, headers, body } = await get(path);
    expect(status).toBe(200);
    expect(body.equals(artifact)).toBe(true);
    expect(headers).toMatchObject({
      'content-length': String(artifact.length),
      'accept-ranges': 'bytes',
      etag: `"${digest}"`,
      'content-type': 'application/octet-stream',
    });
  });

  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=1000-', 1000, artifact.length - 1],
    ['bytes=5-99999999', 5, artifact.length - 1],
    ['bytes=-100', artifact.length - 100, artifact.length - 1],
  ])('is served in part for %s', async (range, start, end) => {
    const { status, headers, body } = await get(path, { range });
    expect(status).toBe(206);
    expect(headers['content-range']).toBe(
      `bytes ${String(start)}-${String(end)}/${String(artifact.length)}`,
    );
    expect(body.equals(artifact.subarray(start, end + 1))).toBe(true);
  });

  it('that changed under a resumed fetch is sent whole', async () => {
    const same = await get(path, { range: 'bytes=10-', 'if-range': `"${digest}"` });
    expect(same.status).toBe(206);
    const other = await get(path, { range: 'bytes=10-', 'if-range': '"another"' });
    expect(other.status).toBe(200);
  });

  it('has no part behind its end', async () => {
    const { status, headers } = await get(path, { range: `bytes=${String(artifact.length)}-` });
    expect([status, headers['content-range']]).toEqual([416, `bytes */${String(artifact.length)}`]);
  });

  it('is told about without being sent', async () => {
    const { status, headers, body } = await get(path, {}, 'HEAD');
    expect([status, headers['content-length'], body.length]).toEqual([
      200,
      String(artifact.length),
      0,
    ]);
  });

  it('is served to many at once', async () => {
    const all = await Promise.all(Array.from({ length: 30 }, () => get(path)));
    for (const { body } of all) expect(body.equals(artifact)).toBe(true);
  });

  it.each([
    [`/artifacts/sha256/${'0'.repeat(64)}`, 404],
    [`/artifacts/sha256/${digest.toUpperCase()}`, 404],
    ['/artifacts/sha256/..%2f..%2fsettings.json', 404],
    ['/artifacts/sha256/../../keys/fleet-ca.key', 404],
    ['/artifacts/sha256/', 404],
    ['/keys/fleet-ca.key', 404],
    ['/store.db', 404],
    ['/', 404],
  ])('is not what %s gives', async (url, status) => {
    expect((await get(url)).status).toBe(status);
  });

  it('cannot be written', async () => {
    for (const method of ['PUT', 'POST', 'DELETE'])
      expect((await get(path, {}, method)).status).toBe(405);
  });
});

describe('the rest of the port', () => {
  it('gives out the agent, also one that was put there later', async () => {
    await coordinator.stop();
    const folder = await mkdtemp(join(tmpdir(), 'muster-web-'));
    const binary = join(folder, 'muster-agent');
    coordinator = await startTestCoordinator({ agentBinaries: { amd64: binary } });
    agent = new Agent({ ca: coordinator.caPem });
    expect((await get('/agent/amd64/muster-agent')).status).toBe(404);
    await writeFile(binary, 'an agent');
    expect((await get('/agent/amd64/muster-agent')).body.toString()).toBe('an agent');
    expect((await get('/agent/arm64/muster-agent')).body.toString()).toBe(
      'this coordinator has no agent for arm64\n',
    );
    await rm(folder, { recursive: true });
  });

  it('says that it lives and that it is ready', async () => {
    for (const url of ['/healthz', '/readyz']) {
      const { status, body } = await get(url);
      expect([status, body.toString()]).toEqual([200, 'ok\n']);
    }
  });

  it('speaks TLS 1.3 only, as the gRPC port does', async () => {
    for (const port of [coordinator.httpsPort, coordinator.grpcPort]) {
      const attempt = new Promise<string>((resolve) => {
        const socket = connect({
          port,
          host: '127.0.0.1',
          rejectUnauthorized: false,
          maxVersion: 'TLSv1.2',
          minVersion: 'TLSv1.2',
        });
        socket.on('secureConnect', () => resolve('connected'));
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      });
      expect(await attempt).toMatch(/PROTOCOL_VERSION|ECONNRESET/);
    }
  });
});

describe('ranges', () => {
  it.each([
    [undefined, { kind: 'whole' }],
    ['bytes=0-4', { kind: 'part', start: 0, end: 4 }],
    ['bytes=9-', { kind: 'part', start: 9, end: 9 }],
    ['bytes=10-', { kind: 'unsatisfiable' }],
    ['bytes=-0', { kind: 'unsatisfiable' }],
    ['bytes=-99', { kind: 'part', start: 0, end: 9 }],
    ['bytes=5-2', { kind: 'whole' }],
    ['bytes=0-1,3-4', { kind: 'whole' }],
    ['lines=1-2', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
  ])('%s of ten bytes', (header, expected) => {
    expect(parseRange(header, 10)).toEqual(expected);
  });
});
