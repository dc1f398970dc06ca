// A file on its way to the coordinator over HTTPS with the node's certificate, in pieces: what was cut
// off goes on from what the coordinator says it has. Which bytes are right is the signed plan's word; the
// coordinator takes no others.
import { createReadStream } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import type { Clock } from '../../shared/clock.ts';
import { AppError, isAbort, toAppError } from '../../shared/errors.ts';
import { backoffMs } from '../../shared/retry.ts';
import { checkCoordinatorIdentity } from '../artifacts/artifact-source.ts';
import { sha256OfFile } from '../host/files.ts';
import type { Upload, UploadRequest } from '../plan/step-context.ts';

export interface UploaderOptions {
  /** https://host:port of coordinators, tried in turn. */
  readonly coordinators: readonly string[];
  readonly identity: {
    readonly caPem: string;
    readonly chainPem: string;
    readonly nodeKey: { readonly pem: string };
  };
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** @default 32 MiB */
  readonly pieceBytes?: number;
}

const idleMs = 120_000;
const backoff = { firstMs: 500, maxMs: 10_000 };
const MiB = 1024 * 1024;

export function createUploader(options: UploaderOptions): Upload {
  return async (request, { signal, progress }) => {
    const { identity, clock, random } = options;
    const agent = new Agent({
      ca: identity.caPem,
      cert: identity.chainPem,
      key: identity.nodeKey.pem,
      minVersion: 'TLSv1.3',
      keepAlive: true,
      maxSockets: 1,
      checkServerIdentity: checkCoordinatorIdentity,
    });
    try {
      for (let round = 1; ; round += 1) {
        const base = options.coordinators[(round - 1) % options.coordinators.length];
        if (base === undefined) throw noCoordinator();
        try {
          await send({ ...options, agent, base, request, signal, progress });
          return;
        } catch (thrown) {
          if (isAbort(thrown) || signal.aborted) throw thrown;
          const failure = toAppError(thrown);
          if (!isPassing(failure)) throw failure;
          progress(`waits to go on with ${request.path}: ${failure.message}`);
        }
        await clock.sleep(backoffMs(round, backoff, random()), signal);
      }
    } finally {
      agent.destroy();
    }
  };
}

const noCoordinator = (): AppError =>
  new AppError(
    'artifact',
    'there is nowhere to send it: name the coordinator under "artifacts" in /etc/muster/agent.json',
  );

/** The line, or a coordinator that is not ready; it ends with the step's time. */
const isPassing = ({ code }: AppError): boolean => code === 'unavailable';

interface Sending extends UploaderOptions {
  readonly agent: Agent;
  readonly base: string;
  readonly request: UploadRequest;
  readonly signal: AbortSignal;
  readonly progress: (sentence: string) => void;
}

/** From where it is to its end. @throws AppError unavailable when it may go on later */
async function send(sending: Sending): Promise<void> {
  const { request, progress, pieceBytes = 32 * MiB } = sending;
  const { bytes, path } = request;
  let offset = offsetIn(await ask(sending, { method: 'HEAD', first: 0, last: 0 }), bytes);
  while (offset < bytes) {
    const last = Math.min(offset + pieceBytes, bytes) - 1;
    const answer = await ask(sending, { method: 'PUT', first: offset, last });
    if (answer.status === 422) throw await wrongDigest(request, answer.text);
    if (answer.status === 201) return;
    // 409: another try of this very upload was further, or the coordinator lost what it had.
    offset = offsetIn(answer, bytes);
    progress(`sends ${path}: ${Math.floor(offset / MiB)} of ${Math.ceil(bytes / MiB)} MiB`);
  }
}

interface Answer {
  readonly status: number;
  readonly offset: string | undefined;
  readonly text: string;
}

/** A piece that took too long to come, and too many requests from behind one address. */
const isTooSlow: ReadonlySet<number> = new Set([408, 429]);

function offsetIn({ status, offset, text }: Answer, bytes: number): number {
  const at = Number(offset);
  const isTaken = status === 200 || status === 409;
  if (isTaken && Number.isSafeInteger(at) && at >= 0 && at <= bytes) return at;
  const message = `the coordinator does not take the file: ${status} ${text.trim()}`;
  if (status === 507) throw new AppError('not-ready', message, { retryable: true });
  if (status >= 500 || isTaken || isTooSlow.has(status))
    throw new AppError('unavailable', message, { retryable: true });
  throw new AppError('refused', message);
}

/** The file here may be another by now; else the line changed it, and it is sent once more. */
async function wrongDigest({ path, sha256 }: UploadRequest, text: string): Promise<AppError> {
  const own = await sha256OfFile(path);
  if (own === sha256) {
    return new AppError('unavailable', `what arrived is not ${path}: ${text.trim()}`, {
      retryable: true,
    });
  }
  return new AppError(
    'conflict',
    `${path} has sha256 ${own ?? '(it is gone)'}, and the plan names ${sha256}: the next snapshot is copied anew`,
  );
}

interface Piece {
  readonly method: 'HEAD' | 'PUT';
  readonly first: number;
  readonly last: number;
}

const longestAnswer = 4_096;

async function ask(sending: Sending, { method, first, last }: Piece): Promise<Answer> {
  const { agent, base, signal } = sending;
  const { planId, stepId, path, bytes } = sending.request;
  const url = new URL(`${base.replace(/\/+$/, '')}/snapshots/${planId}/${stepId}`);
  const headers =
    method === 'HEAD'
      ? {}
      : {
          'content-range': `bytes ${first}-${last}/${bytes}`,
          'content-length': last - first + 1,
        };
  return await new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      if (signal.aborted) reject(signal.reason as Error);
      else reject(new AppError('unavailable', error.message, { retryable: true, cause: error }));
    };
    const sent = httpsRequest(
      url,
      { method, headers, agent, signal, timeout: idleMs },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece: string) => {
          if (text.length < longestAnswer) text += piece;
        });
        answer.on('error', fail);
        answer.on('end', () => {
          const offset = answer.headers['upload-offset'];
          resolve({ status: answer.statusCode ?? 0, offset: String(offset), text });
        });
      },
    );
    sent.on('error', fail);
    sent.on('timeout', () => sent.destroy(new Error(`nothing moved for ${idleMs / 1000} s`)));
    if (method === 'HEAD') {
      sent.end();
      return;
    }
    const content = createReadStream(path, { start: first, end: last, highWaterMark: MiB });
    content.on('error', (error) => sent.destroy(error));
    sent.on('close', () => content.destroy());
    content.pipe(sent);
  });
}
