// One file over HTTP, whole or a range, streamed: a slow reader holds back the disk, not memory.
// What a file is called for is the router's business; this never builds a path.
import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isNotFound } from '../keys/private-file.ts';
import { parseRange } from './artifact-range.ts';

export interface FileAnswer {
  readonly path: string;
  /** Strong: equal tags mean equal bytes. Null: ranges are not resumable by tag. */
  readonly etag: string | null;
  readonly isImmutable: boolean;
}

/** False when there is no such file: nothing was answered. */
export async function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  answer: FileAnswer,
): Promise<boolean> {
  const file = await openIfPresent(answer.path);
  if (file === null) return false;
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return false;
    await send({ request, response, answer, file, size: stat.size });
    return true;
  } finally {
    await file.close();
  }
}

interface Sending {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly answer: FileAnswer;
  readonly file: FileHandle;
  readonly size: number;
}

const kib = 1024;
const largestPiece = 256 * kib;
const smallestPiece = 32 * kib;
/** What all transfers together read ahead, about: more of them at once read less each. */
const readAhead = 32 * 1024 * kib;

/** How much of a file is read at once, when so many are sent. Pure. */
export const pieceBytes = (transfers: number): number =>
  Math.min(largestPiece, Math.max(smallestPiece, Math.floor(readAhead / Math.max(1, transfers))));

/** Of this process: it is its memory that they share. */
let transfers = 0;

async function send({ request, response, answer, file, size }: Sending): Promise<void> {
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('content-type', 'application/octet-stream');
  if (answer.etag !== null) response.setHeader('etag', answer.etag);
  if (answer.isImmutable)
    response.setHeader('cache-control', 'public, max-age=31536000, immutable');
  const condition = request.headers['if-range'];
  const isSame = condition === undefined || condition === answer.etag;
  const range = parseRange(isSame ? request.headers.range : undefined, size);
  if (range.kind === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    return;
  }
  const start = range.kind === 'part' ? range.start : 0;
  const end = range.kind === 'part' ? range.end : size - 1;
  if (range.kind === 'part') response.setHeader('content-range', `bytes ${start}-${end}/${size}`);
  response.setHeader('content-length', end - start + 1);
  response.writeHead(range.kind === 'part' ? 206 : 200);
  if (request.method === 'HEAD' || size === 0) {
    response.end();
    return;
  }
  transfers += 1;
  try {
    const highWaterMark = pieceBytes(transfers);
    const stream = file.createReadStream({ start, end, highWaterMark, autoClose: false });
    await pipeline(stream, response);
  } finally {
    transfers -= 1;
  }
}

async function openIfPresent(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (thrown) {
    if (isNotFound(thrown)) return null;
    throw thrown;
  }
}
