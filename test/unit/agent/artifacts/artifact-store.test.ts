import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openArtifactStore } from '../../../../agent/artifacts/artifact-store.ts';
import { type Clock, systemClock } from '../../../../shared/clock.ts';
import { AppError } from '../../../../shared/errors.ts';
import { silentLogger } from '../../../../shared/log.ts';
import type { ArtifactReference } from '../../../../shared/model/step.ts';
import { aServerCertificate } from './server-certificate.ts';

const content = Buffer.alloc(3_000_000, 'muster ');
const digest = createHash('sha256').update(content).digest('hex');
const reference: ArtifactReference = {
  name: 'kubelet',
  version: 'v1.37.1',
  sha256: digest,
  size: content.length,
};

let directory: string;
let servers: { close(): void; closeAllConnections(): void }[];
let requests: string[];
const quickClock: Clock = {
  ...systemClock,
  sleep: async (_ms, signal) => signal?.throwIfAborted(),
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muster-artifacts-'));
  servers = [];
  requests = [];
});

afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await rm(directory, { recursive: true });
});

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

async function serve(answer: Answer): Promise<string> {
  let count = 0;
  const server: Server = createServer((request, response) => {
    count += 1;
    requests.push(`${request.url ?? ''} ${request.headers.range ?? 'all'}`);
    answer(request, response, count);
  });
  return await listen(server, 'http');
}

async function listen(server: Server, scheme: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const sendAll: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': content.length }).end(content);
};

const sendRange: Answer = (request, response) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? '0');
  const part = content.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    'content-length': part.length,
    ...(from > 0
      ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }
      : {}),
  });
  response.end(part);
};

function cutAfter(bytes: number, then: Answer): Answer {
  return (request, response, count) => {
    if (count > 1) return then(request, response, count);
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, bytes), () => response.destroy());
    return undefined;
  };
}

function openStore(sources: readonly string[], caPem = '') {
  return openArtifactStore({
    ...{ directory, sources, caPem, log: silentLogger, clock: quickClock, rounds: 2 },
    random: () => 0.5,
  });
}

const options = { signal: new AbortController().signal, progress: () => {} };

async function failure(work: Promise<unknown>): Promise<AppError> {
  const thrown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (thrown instanceof AppError) return thrown;
  throw new Error(`expected an AppError and saw ${String(thrown)}`);
}

test('fetches an artifact into the place its digest names', async () => {
  const store = openStore([await serve(sendAll)]);
  expect(await store.has(reference)).toBe(false);
  const path = await store.fetch(reference, options);
  expect(path).toBe(join(directory, 'sha256', digest));
  expect(path).toBe(store.path(reference));
  expect((await readFile(path)).equals(content)).toBe(true);
  expect(await store.has(reference)).toBe(true);
  expect(requests).toEqual([`/artifacts/sha256/${digest} all`]);
});

test('never fetches what is here and right, and fetches again what is damaged', async () => {
  const url = await serve(sendAll);
  await openStore([url]).fetch(reference, options);
  const later = openStore([url]);
  await later.fetch(reference, options);
  expect(requests).toHaveLength(1);
  await writeFile(later.path(reference), Buffer.alloc(content.length, 'x'));
  expect(await later.has(reference)).toBe(false);
  await later.fetch(reference, options);
  expect(requests).toHaveLength(2);
  expect((await readFile(later.path(reference))).equals(content)).toBe(true);
});

test('fetches the same artifact once for many who ask at once', async () => {
  const store = openStore([await serve(sendAll)]);
  const paths = await Promise.all([1, 2, 3].map(() => store.fetch(reference, options)));
  expect(new Set(paths).size).toBe(1);
  expect(requests).toHaveLength(1);
});

test('goes on where the connection was cut', async () => {
  const store = openStore([await serve(cutAfter(1_200_000, sendRange))]);
  await store.fetch(reference, options);
  expect(requests).toHaveLength(2);
  expect(requests[1]).toMatch(/ bytes=1[12]\d{5}-$/);
  expect(await store.has(reference)).toBe(true);
});

test('goes on after a restart of the agent from the partial file', async () => {
  await mkdir(join(directory, 'sha256'));
  await writeFile(join(directory, 'sha256', `${digest}.partial`), content.subarray(0, 2_000_000));
  const store = openStore([await serve(sendRange)]);
  await store.fetch(reference, options);
  expect(requests).toEqual([`/artifacts/sha256/${digest} bytes=2000000-`]);
});

test('starts over when the server ignores ranges', async () => {
  const store = openStore([await serve(cutAfter(1_200_000, sendAll))]);
  await store.fetch(reference, options);
  expect(requests).toHaveLength(2);
  expect(await store.has(reference)).toBe(true);
});

test('says at which byte the connection was cut, and keeps what came', async () => {
  const url = await serve((request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? '0');
    response.writeHead(from === 0 ? 200 : 206, {
      'content-length': content.length - from,
      'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
    });
    response.write(content.subarray(from, 1_500_000), () =>
      setTimeout(() => response.destroy(), 20),
    );
  });
  const error = await failure(openStore([url]).fetch(reference, options));
  expect(error).toMatchObject({ code: 'artifact', retryable: true });
  expect(error.message).toContain('kubelet v1.37.1');
  expect(error.message).toContain(url);
  expect(error.message).toContain(`was cut at 1500000 of ${content.length} bytes`);
  expect(error.message).toContain('the next try goes on from there');
  const partial = await readFile(join(directory, 'sha256', `${digest}.partial`));
  expect(partial.equals(content.subarray(0, partial.length))).toBe(true);
  expect(partial.length).toBeGreaterThan(1_000_000);
});

test('takes the next source when one has other bytes', async () => {
  const wrong = Buffer.alloc(content.length, 'x');
  const bad = await serve((_request, response) => response.end(wrong));
  const store = openStore([bad, await serve(sendAll)]);
  await store.fetch(reference, options);
  expect(requests).toHaveLength(2);
  expect(await store.has(reference)).toBe(true);
});

test('does not ask a source again that has other bytes', async () => {
  const wrong = Buffer.alloc(content.length, 'x');
  const url = await serve((_request, response) => response.end(wrong));
  const error = await failure(openStore([url]).fetch(reference, options));
  expect(error).toMatchObject({ code: 'artifact', retryable: false });
  expect(error.message).toContain(createHash('sha256').update(wrong).digest('hex'));
  expect(error.message).toContain(digest);
  expect(error.message).toContain('artifacts verify');
  expect(requests).toHaveLength(1);
  await expect(readFile(join(directory, 'sha256', `${digest}.partial`))).rejects.toThrow('ENOENT');
});

test('starts a source over that is blamed for another one’s partial file', async () => {
  await mkdir(join(directory, 'sha256'));
  await writeFile(join(directory, 'sha256', `${digest}.partial`), Buffer.alloc(1_000_000, 'x'));
  const store = openStore([await serve(sendRange)]);
  await store.fetch(reference, options);
  expect(requests.map((line) => line.split(' ')[1])).toEqual(['bytes=1000000-', 'all']);
});

test.each([
  { what: 'short', size: content.length - 5, says: 'too short' },
  { what: 'long', size: content.length + 5, says: 'too long' },
])('refuses an artifact that is too $what', async ({ size, says }) => {
  const other = Buffer.alloc(size, 'x');
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': other.length }).end(other);
  });
  const error = await failure(openStore([url]).fetch(reference, options));
  expect(error.message).toContain(`${size} bytes where the plan names ${content.length}`);
  expect(error.message).toContain(says);
  expect(error.retryable).toBe(false);
});

test('takes no byte beyond the size when a server never ends', async () => {
  let sent = 0;
  const url = await serve((_request, response) => {
    const more = (): void => {
      if (response.destroyed || sent > 20 * content.length) return;
      sent += 100_000;
      response.write(Buffer.alloc(100_000, 'x'), more);
    };
    more();
  });
  const error = await failure(openStore([url]).fetch(reference, options));
  expect(error.message).toContain(`more than the ${content.length} bytes`);
  expect(sent).toBeLessThan(20 * content.length);
});

test('tries mirrors before the coordinator and follows their redirects', async () => {
  const storage = await serve(sendAll);
  const mirror = await serve((_request, response) =>
    response.writeHead(302, { location: `${storage}/blob` }).end(),
  );
  const coordinator = await serve(sendAll);
  await openStore([coordinator]).fetch({ ...reference, mirrors: [`${mirror}/kubelet`] }, options);
  expect(requests).toEqual(['/kubelet all', '/blob all']);
});

test('names every source and what each gave', async () => {
  const missing = await serve((_request, response) => response.writeHead(404).end());
  const error = await failure(openStore([missing, 'http://127.0.0.1:1']).fetch(reference, options));
  expect(error.message).toContain('HTTP status 404');
  expect(error.message).toContain('ECONNREFUSED');
  expect(error.retryable).toBe(true);
  expect(requests).toHaveLength(2);
});

test('stops at once when it is told to, and a later fetch goes on', async () => {
  const stop = new AbortController();
  const partial = join(directory, 'sha256', `${digest}.partial`);
  const url = await serve((request, response, count) => {
    if (count > 1) return sendRange(request, response, count);
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 2_000_000));
    return undefined;
  });
  const store = openStore([url]);
  const fetching = store.fetch(reference, { ...options, signal: stop.signal });
  const arrived = async (): Promise<number> => (await stat(partial).catch(() => null))?.size ?? 0;
  await expect.poll(arrived).toBeGreaterThan(0);
  stop.abort();
  await expect(fetching).rejects.toThrow('abort');
  await store.fetch(reference, options);
  expect(requests[1]).toMatch(/bytes=\d+-/);
});

test('trusts a coordinator by the fleet CA only', async () => {
  const own = aServerCertificate();
  const other = aServerCertificate();
  const server = createHttpsServer({ cert: own.certificate, key: own.key }, (request, response) => {
    requests.push(request.url ?? '');
    sendAll(request, response, 1);
  });
  const url = await listen(server as unknown as Server, 'https');
  const error = await failure(openStore([url], other.ca).fetch(reference, options));
  expect(error.message).toMatch(/self-signed|unable to|certificate/);
  expect(requests).toEqual([]);
  await openStore([url], own.ca).fetch(reference, options);
  expect(requests).toHaveLength(1);
});
