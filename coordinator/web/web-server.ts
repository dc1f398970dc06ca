// The https port: artifacts by digest, the agent's binary, health; nothing of it is secret, and an
// artifact's integrity is the digest in the signed plan, not this. Members send here what their plans
// name (uploads.ts); nothing else can be changed through it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { ServerIdentity } from '../../shared/rpc/tls.ts';
import { closeAfterBody } from './request-body.ts';
import { serveFile } from './serve-file.ts';
import type { AnswerUpload } from './uploads.ts';
import { createWebDoor, type WebDoor, type WebLimits, webLimits } from './web-door.ts';

export interface AgentBinaries {
  readonly amd64?: string;
  readonly arm64?: string;
}

export interface WebOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly identity: ServerIdentity;
  /** Folder with one file per digest. */
  readonly artifacts: string;
  readonly agentBinaries: AgentBinaries;
  /** What members send. */
  readonly uploads: AnswerUpload;
  readonly isReady: () => boolean;
  readonly clock: Pick<Clock, 'boot'>;
  readonly log: Logger;
  /** @default webLimits */
  readonly limits?: WebLimits;
}

export interface WebServer {
  readonly port: number;
  /** Whoever comes from now on is shown this certificate. */
  show(identity: ServerIdentity): void;
  stop(): Promise<void>;
}

/** A download that does not move for this long is over; the agent resumes it. */
const idleMs = 60_000;
const handshakeMs = 10_000;
const headersMs = 15_000;

export async function startWebServer(options: WebOptions): Promise<WebServer> {
  const shown = ({ caPem, chainPem, keyPem }: ServerIdentity) =>
    ({ ca: caPem, cert: chainPem, key: keyPem, minVersion: 'TLSv1.3' }) as const;
  const server = createServer({
    ...shown(options.identity),
    handshakeTimeout: handshakeMs,
    // Nothing is read from a connection that waits for its handshake.
    pauseOnConnect: true,
    // Asked for, not demanded: who fetches has none.
    requestCert: true,
    rejectUnauthorized: false,
  });
  const door = createWebDoor(server, options.limits ?? webLimits, options.clock);
  server.on('request', (request, response) => void answer({ options, door }, request, response));
  // An expectation that nobody knows: answered here, or it would come past the door.
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    response.writeHead(417, { connection: 'close' }).end();
  });
  server.setTimeout(idleMs, (socket) => socket.destroy());
  server.keepAliveTimeout = 20_000;
  server.headersTimeout = headersMs;
  // A scanner's broken handshake is its own business.
  server.on('tlsClientError', (error) => options.log.debug({ err: error }, 'tls handshake failed'));
  await listen(server, options);
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : options.port;
  return {
    port,
    show: (identity) => server.setSecureContext(shown(identity)),
    stop: () => {
      door.close();
      return stop(server);
    },
  };
}

interface Serving {
  readonly options: WebOptions;
  readonly door: WebDoor;
}

async function answer(
  { options, door }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const admission = await door.admit(request, response);
    if (admission === 'may') await route(options, request, response);
    if (admission === 'too-often') {
      response.setHeader('connection', 'close');
      response.setHeader('retry-after', '5');
      say(response, 429, 'too many requests from this address: try again in a few seconds');
    }
  } catch (thrown) {
    if (isGone(thrown)) return;
    options.log.error({ err: thrown, url: request.url }, 'https request failed');
    if (response.headersSent) response.destroy();
    else say(response, 500, 'the coordinator failed; its log has the reason');
  }
}

async function route(
  options: WebOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (await options.uploads(request, response)) return;
  closeAfterBody(request, response);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    say(response, 405, 'only GET and HEAD');
    return;
  }
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (path === '/healthz') {
    say(response, 200, 'ok');
    return;
  }
  if (path === '/readyz') {
    const isReady = options.isReady();
    say(response, isReady ? 200 : 503, isReady ? 'ok' : 'starting or stopping');
    return;
  }
  const digest = /^\/artifacts\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1];
  if (digest !== undefined) {
    const file = join(options.artifacts, digest);
    const isThere = await serveFile(request, response, {
      path: file,
      etag: `"${digest}"`,
      isImmutable: true,
    });
    if (!isThere)
      say(response, 404, `artifact ${digest} is not in this store: \`artifacts pull\` fetches it`);
    return;
  }
  const arch = /^\/agent\/(amd64|arm64)\/muster-agent$/.exec(path)?.[1];
  if (arch !== undefined) {
    const file = options.agentBinaries[arch as keyof AgentBinaries];
    const isThere =
      file !== undefined &&
      (await serveFile(request, response, { path: file, etag: null, isImmutable: false }));
    if (!isThere) say(response, 404, `this coordinator has no agent for ${arch}`);
    return;
  }
  say(response, 404, 'there is nothing here');
}

function say(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

/** The reader went away in the middle: it comes back for the rest, or not. */
const isGone = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  'code' in thrown &&
  ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE', 'ERR_STREAM_DESTROYED'].includes(
    String(thrown.code),
  );

function listen(server: Server, options: WebOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      const text = `cannot listen on ${options.host}:${options.port}: ${error.message}`;
      reject(new AppError('unavailable', text, { cause: error }));
    };
    server.once('error', fail);
    server.listen({ host: options.host, port: options.port }, () => {
      server.removeListener('error', fail);
      resolve();
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
