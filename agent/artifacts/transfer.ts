// One transfer from one source into the partial file: resumes what is there, hashes what passes, takes
// no byte beyond the size the plan names. Says how it ended as a value; deciding about it is for others.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { isAbort } from '../../shared/errors.ts';
import type { ArtifactReference } from '../../shared/model/step.ts';
import { type ArtifactSource, mirrorSource, type SourceAgents } from './artifact-source.ts';

export type TransferEnd =
  | { readonly kind: 'complete' }
  /** The bytes are not the artifact; asking this source again gives the same. */
  | { readonly kind: 'wrong'; readonly saw: string; readonly resumed: boolean }
  /** May work later. `gained`: bytes that are kept for the next try. */
  | { readonly kind: 'broken'; readonly saw: string; readonly gained: number };

export interface Transfer {
  readonly reference: ArtifactReference;
  readonly source: ArtifactSource;
  readonly agents: SourceAgents;
  readonly partial: string;
  readonly signal: AbortSignal;
  readonly onBytes: (have: number) => void;
}

const IDLE_MS = 30_000;
const MAX_REDIRECTS = 5;
const WRITE_AT = 1024 * 1024;

export async function runTransfer(transfer: Transfer): Promise<TransferEnd> {
  const { reference, partial, signal } = transfer;
  const existing = await existingPart(partial, reference.size);
  if (existing.size === reference.size) return await judge(existing.hash, transfer, true);
  let response: IncomingMessage;
  try {
    response = await request(transfer, existing.size);
  } catch (thrown) {
    if (isAbort(thrown) || signal.aborted) throw thrown;
    return { kind: 'broken', saw: describeNetworkError(thrown), gained: 0 };
  }
  try {
    return await receive(transfer, response, existing);
  } finally {
    response.destroy();
  }
}

interface Part {
  readonly size: number;
  readonly hash: Hash;
}

async function receive(
  transfer: Transfer,
  response: IncomingMessage,
  existing: Part,
): Promise<TransferEnd> {
  const { reference, partial } = transfer;
  const status = response.statusCode ?? 0;
  const isResumed = status === 206 && startOf(response) === existing.size;
  if (status === 416 || (status === 206 && !isResumed)) {
    await rm(partial, { force: true });
    return {
      kind: 'broken',
      saw: `an answer ${status} that does not fit the part we have`,
      gained: 1,
    };
  }
  if (status !== 200 && status !== 206) {
    return {
      kind: 'broken',
      saw: `HTTP status ${status} ${response.statusMessage ?? ''}`.trim(),
      gained: 0,
    };
  }
  const start: Part = isResumed ? existing : { size: 0, hash: createHash('sha256') };
  const declared = Number(response.headers['content-length'] ?? Number.NaN);
  if (!Number.isNaN(declared) && start.size + declared !== reference.size) {
    await rm(partial, { force: true });
    return wrongSize(start.size + declared, reference.size, isResumed);
  }
  const file = await open(partial, isResumed ? 'a' : 'w', 0o600);
  let got: Received;
  try {
    got = await store(transfer, { response, start, file });
  } finally {
    await file.close();
  }
  if (got.size > reference.size) {
    await rm(partial, { force: true });
    return {
      kind: 'wrong',
      saw: `more than the ${reference.size} bytes the plan names`,
      resumed: isResumed,
    };
  }
  if (got.cut !== null) {
    const saw = `the connection was cut at ${got.size} of ${reference.size} bytes (${got.cut})`;
    return { kind: 'broken', saw, gained: got.size - start.size };
  }
  if (got.size < reference.size) {
    await rm(partial, { force: true });
    return wrongSize(got.size, reference.size, isResumed);
  }
  return await judge(start.hash, transfer, isResumed);
}

interface Received {
  readonly size: number;
  readonly cut: string | null;
}

/** Writes in pieces of a megabyte: a TLS record is 16 KiB, and a system call for each would cost more than the hashing. */
async function store(
  transfer: Transfer,
  to: { readonly response: IncomingMessage; readonly start: Part; readonly file: FileHandle },
): Promise<Received> {
  const { reference, signal, onBytes } = transfer;
  let size = to.start.size;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  const flush = async (): Promise<void> => {
    const pieces = waiting;
    waiting = [];
    waitingBytes = 0;
    for (let at = 0; at < pieces.length; at += 512)
      await to.file.writev(pieces.slice(at, at + 512));
    onBytes(size);
  };
  try {
    for await (const piece of to.response) {
      const chunk = piece as Buffer;
      size += chunk.length;
      if (size > reference.size) return { size, cut: null };
      to.start.hash.update(chunk);
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes >= WRITE_AT) await flush();
    }
    await flush();
    return { size, cut: to.response.complete ? null : 'it ended early' };
  } catch (thrown) {
    await flush();
    signal.throwIfAborted();
    return { size, cut: describeNetworkError(thrown) };
  }
}

async function judge(hash: Hash, transfer: Transfer, resumed: boolean): Promise<TransferEnd> {
  const digest = hash.digest('hex');
  if (digest === transfer.reference.sha256) return { kind: 'complete' };
  await rm(transfer.partial, { force: true });
  const saw = `sha256 ${digest} where the plan names ${transfer.reference.sha256}`;
  return { kind: 'wrong', saw, resumed };
}

function wrongSize(saw: number, expected: number, resumed: boolean): TransferEnd {
  const which = saw < expected ? 'short' : 'long';
  return {
    kind: 'wrong',
    saw: `${saw} bytes where the plan names ${expected} (too ${which})`,
    resumed,
  };
}

/** What an earlier try left, with its bytes hashed; a part that is too long is thrown away. */
async function existingPart(partial: string, limit: number): Promise<Part> {
  const hash = createHash('sha256');
  const size = await stat(partial).then(
    (found) => found.size,
    () => 0,
  );
  if (size > limit) await rm(partial, { force: true });
  if (size === 0 || size > limit) return { size: 0, hash };
  for await (const chunk of createReadStream(partial, { highWaterMark: WRITE_AT })) {
    hash.update(chunk as Buffer);
  }
  return { size, hash };
}

async function request(transfer: Transfer, from: number): Promise<IncomingMessage> {
  let source = transfer.source;
  for (let hops = 0; ; hops += 1) {
    const response = await send(source, from, transfer.signal);
    const location = response.headers.location;
    const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode ?? 0);
    if (
      !isRedirect ||
      !source.followsRedirects ||
      location === undefined ||
      hops === MAX_REDIRECTS
    ) {
      return response;
    }
    response.resume();
    source = mirrorSource(new URL(location, source.url), transfer.agents);
  }
}

async function send(
  source: ArtifactSource,
  from: number,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { url, agent } = source;
  const headers = {
    'accept-encoding': 'identity',
    ...(from > 0 ? { range: `bytes=${from}-` } : {}),
  };
  const options = { agent, headers, signal, timeout: IDLE_MS };
  return await new Promise((resolve, reject) => {
    const sent =
      url.protocol === 'https:' ? httpsGet(url, options, resolve) : httpGet(url, options, resolve);
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error(`nothing came for ${IDLE_MS / 1000} s`)));
  });
}

function startOf(response: IncomingMessage): number {
  const match = /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '');
  return match === null ? -1 : Number(match[1]);
}

function describeNetworkError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.message === '' && 'code' in thrown ? String(thrown.code) : thrown.message;
}
