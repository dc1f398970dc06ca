// The KubeApi of a real cluster: a small client over connections that are kept. A poll costs a
// millisecond where a kubectl costs a hundred. The server's certificate is always verified against the
// CA of the credentials.
import { Agent, request as httpsRequest } from 'node:https';
import { AppError } from '../../shared/errors.ts';
import type {
  KubeAnswer,
  KubeApi,
  KubeMethod,
  KubeRequestOptions,
  OpenKubeApi,
} from './kube-api.ts';

const bodyLimit = 16 * 1024 * 1024;
/** Trying again does not make another certificate. */
const lastingFaults = [
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
];

export const connectKubeApi: OpenKubeApi = (credentials, signal): KubeApi => {
  const { server, ca, certificate, key, token } = credentials;
  const agent = new Agent({
    keepAlive: true,
    ca,
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
  });

  async function request(
    method: KubeMethod,
    path: string,
    options: KubeRequestOptions = {},
  ): Promise<KubeAnswer> {
    signal?.throwIfAborted();
    const url = new URL(path, server);
    const body = typeof options.body === 'object' ? JSON.stringify(options.body) : options.body;
    const headers: Record<string, string | number> = { accept: 'application/json' };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (body !== undefined) {
      headers['content-type'] = options.contentType ?? 'application/json';
      headers['content-length'] = Buffer.byteLength(body);
    }
    const timeout = AbortSignal.timeout(options.timeoutMs ?? 10_000);
    const stop = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    try {
      return await send({ url, method, headers, agent, signal: stop }, body);
    } catch (thrown) {
      signal?.throwIfAborted();
      throw unavailable(`${method} ${url.origin}${url.pathname}`, thrown);
    }
  }

  const close = (): void => agent.destroy();
  return { server, request, close, [Symbol.dispose]: close };
};

interface Sending {
  readonly url: URL;
  readonly method: KubeMethod;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

async function send(sending: Sending, body: string | undefined): Promise<KubeAnswer> {
  const { url, method, headers, agent, signal } = sending;
  return await new Promise((resolve, reject) => {
    const outgoing = httpsRequest(url, { method, headers, agent, signal }, (incoming) => {
      const pieces: Buffer[] = [];
      let size = 0;
      incoming.on('data', (piece: Buffer) => {
        pieces.push(piece);
        size += piece.length;
        if (size > bodyLimit) incoming.destroy(new Error(`it answers over ${bodyLimit} bytes`));
      });
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(pieces).toString('utf8');
        resolve({ status: incoming.statusCode ?? 0, body: parsed(text), text });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Probes such as /readyz answer plain text.
    return null;
  }
}

function unavailable(what: string, thrown: unknown): AppError {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const isLate = thrown instanceof Error && ['AbortError', 'TimeoutError'].includes(thrown.name);
  const why = thrown instanceof Error ? thrown.message || code : String(thrown);
  return new AppError('unavailable', `${what}: ${isLate ? 'no answer in time' : why}`, {
    retryable: !lastingFaults.includes(code),
    cause: thrown,
  });
}
