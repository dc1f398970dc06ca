// What one stranger can hold open and ask for at the https port, over real TLS.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUploader } from '../../../../agent/uploads/uploader.ts';
import { initCoordinator } from '../../../../coordinator/init.ts';
import { openKeys } from '../../../../coordinator/keys/keys.ts';
import { pieceBytes } from '../../../../coordinator/web/serve-file.ts';
import type { AnswerUpload } from '../../../../coordinator/web/uploads.ts';
import { type WebLimits, webLimits } from '../../../../coordinator/web/web-door.ts';
import { startWebServer, type WebServer } from '../../../../coordinator/web/web-server.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { asPlanId } from '../../../../shared/model/ids.ts';
import type { ServerIdentity } from '../../../../shared/rpc/tls.ts';
import { closed } from '../../../support/hostile-caller.ts';

const agentBytes = 1024 * 1024;
const addresses = ['127.0.0.1'];
let folder: string;
let identity: ServerIdentity;
let server: WebServer | null = null;
const sockets: TLSSocket[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-web-door-'));
  const dataDir = join(folder, 'data');
  await initCoordinator({ dataDir, addresses, grpcPort: 0, httpsPort: 0 });
  identity = (await openKeys(dataDir, { addresses, now: Date.now() })).serverIdentity;
  await writeFile(join(folder, 'agent'), randomBytes(agentBytes));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function serveWith(
  limits: Partial<WebLimits> = {},
  uploads: AnswerUpload = async () => false,
): Promise<void> {
  server = await startWebServer({
    host: '127.0.0.1',
    port: 0,
    identity,
    artifacts: folder,
    agentBinaries: { amd64: join(folder, 'agent') },
    uploads,
    isReady: () => true,
    clock: systemClock,
    log: silentLogger,
    limits: { ...webLimits, ...limits },
  });
}

function open(): TLSSocket {
  const port = server?.port ?? 0;
  const socket = connect({ host: '127.0.0.1', port, ca: identity.caPem });
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

const asking = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
const agentPath = '/agent/amd64/muster-agent';

/** Its status, once all of the body came. */
async function answerTo(agent: Agent, path: string): Promise<number> {
  const options = { host: '127.0.0.1', port: server?.port ?? 0, path, agent };
  const [response] = (await once(get(options), 'response')) as [IncomingMessage];
  await once(response.resume(), 'end');
  return response.statusCode ?? 0;
}

const onOneConnection = (localAddress: string): Agent =>
  new Agent({ ca: identity.caPem, keepAlive: true, maxSockets: 1, localAddress });

describe('a stranger at the https port', () => {
  it('who asks for hundreds of files ahead, and reads none, is put out', async () => {
    await serveWith();
    const socket = open();
    await once(socket, 'secureConnect');
    socket.pause();
    socket.write(asking(agentPath).repeat(500));
    // It says so to who reads on: what had been sent, and the end.
    const ended = closed(socket);
    socket.resume();
    await ended;
    expect(socket.bytesRead).toBeLessThan(2 * agentBytes);
  });

  it('who asks for the next file as soon as he has this one gets every one', async () => {
    await serveWith();
    const agent = onOneConnection('127.0.0.1');
    for (let count = 0; count < 20; count += 1) expect(await answerTo(agent, agentPath)).toBe(200);
    agent.destroy();
  });

  it('who asks too often is told to wait, and nobody else is', async () => {
    await serveWith({ requests: { burst: 3, perSecond: 0 } });
    const agent = onOneConnection('127.0.0.1');
    const told: number[] = [];
    for (let count = 0; count < 4; count += 1) told.push(await answerTo(agent, '/healthz'));
    expect(told).toEqual([200, 200, 200, 429]);
    const other = onOneConnection('127.0.0.2');
    expect(await answerTo(other, '/healthz')).toBe(200);
    for (const each of [agent, other]) each.destroy();
  });

  it('who connects again and again waits for his handshake, and is sent away', async () => {
    await serveWith({ line: { rate: { burst: 1, perSecond: 0 }, each: 1, inAll: 10 } });
    await once(open(), 'secureConnect');
    const waiting = open();
    await once(waiting, 'connect');
    await closed(open());
    expect(waiting.closed).toBe(false);
  });

  it('who sends a body with his request is answered and put out, before it is read', async () => {
    await serveWith();
    const socket = open();
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n');
    const [part] = (await once(socket, 'data')) as [Buffer];
    expect(part.toString('latin1')).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    await closed(socket);
  });
});

describe('a member that sends a file', () => {
  it('and asks too often, with those behind its address, waits and goes on', async () => {
    let offset = 0;
    await serveWith({ requests: { burst: 2, perSecond: 10 } }, async (request, response) => {
      if (request.method === 'PUT') for await (const part of request) offset += part.length;
      response.setHeader('upload-offset', offset);
      response.writeHead(offset < agentBytes ? 200 : 201).end();
      return true;
    });
    const upload = createUploader({
      coordinators: [`https://127.0.0.1:${server?.port ?? 0}`],
      identity: { ...identity, nodeKey: { pem: identity.keyPem } },
      clock: systemClock,
      random: () => 0,
      pieceBytes: agentBytes / 2,
    });
    const told: string[] = [];
    const file = { path: join(folder, 'agent'), sha256: '', bytes: agentBytes };
    await upload(
      { ...file, planId: asPlanId('p1'), stepId: 'copy' },
      { signal: new AbortController().signal, progress: (sentence) => told.push(sentence) },
    );
    expect(offset).toBe(agentBytes);
    expect(told).toContainEqual(expect.stringContaining('429 too many requests'));
  });
});

describe('what transfers hold in memory', () => {
  it('is a large piece each of a few, and a small one each of many', () => {
    expect(pieceBytes(1)).toBe(256 * 1024);
    expect(pieceBytes(128)).toBe(256 * 1024);
    expect(pieceBytes(webLimits.room.inAll) * webLimits.room.inAll).toBeLessThan(64 * 1024 * 1024);
  });
});
