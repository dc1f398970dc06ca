// Takes named members out of a tar stream, gzipped or not. Regular files only, by their exact names: a
// member that is a link or a device, or too big, is an error, and nothing of the archive chooses where
// bytes go. Knows ustar, GNU long names and pax paths.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AppError } from '../../shared/errors.ts';

export interface TarRequest {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** As in the archive, without a leading `./`. */
  readonly names: ReadonlySet<string>;
  /** No member may be bigger. */
  readonly maxBytes: number;
  /** Called once per member, in the order of the archive. */
  readonly onMember: (name: string, content: Uint8Array) => Promise<void>;
  readonly signal: AbortSignal;
}

const BLOCK = 512;
const MAX_HEADER_BYTES = 1024 * 1024;

/** Answers the names that were found. @throws AppError artifact */
export async function readTarMembers(request: TarRequest): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const parse = async (source: AsyncIterable<Uint8Array>): Promise<void> => {
    await parseTar(createBytes(source), request, found);
  };
  const { signal } = request;
  const peeked = await peek(request.chunks);
  const isGzip = peeked.first[0] === 0x1f && peeked.first[1] === 0x8b;
  const bytes = Readable.from(peeked.all(), { objectMode: false });
  try {
    if (isGzip) await pipeline(bytes, createGunzip({ chunkSize: 256 * 1024 }), parse, { signal });
    else await pipeline(bytes, parse, { signal });
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof AppError) throw thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AppError('artifact', `not a readable archive: ${message}`, { cause: thrown });
  }
  return found;
}

async function parseTar(bytes: Bytes, request: TarRequest, found: Set<string>): Promise<void> {
  let longName: string | null = null;
  for (;;) {
    const header = await bytes.take(BLOCK);
    if (header === null || header[0] === 0) break;
    const size = numberAt(header, 124, 12);
    const padded = Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'L' || type === 'x') {
      if (size > MAX_HEADER_BYTES) throw new AppError('artifact', 'an archive header is too big');
      const text = await bytes.expect(padded);
      longName = nameFrom(type, text.subarray(0, size)) ?? longName;
      continue;
    }
    const name = (longName ?? nameOf(header)).replace(/^(\.\/)+/, '');
    if (type !== 'g') longName = null;
    if (!request.names.has(name) || found.has(name)) {
      await bytes.skip(padded);
      continue;
    }
    if (type !== '0' && type !== '\0') {
      throw new AppError(
        'artifact',
        `${name} in the archive is no regular file (type ${JSON.stringify(type)})`,
      );
    }
    if (size > request.maxBytes) {
      throw new AppError(
        'artifact',
        `${name} in the archive has ${size} bytes, more than ${request.maxBytes}`,
      );
    }
    const content = await bytes.expect(size);
    await request.onMember(name, content);
    found.add(name);
    await bytes.skip(padded - size);
  }
  await bytes.drain();
}

/** The path in a GNU long-name or pax header; null when a pax header has none. */
function nameFrom(type: 'L' | 'x', content: Uint8Array): string | null {
  const text = Buffer.from(content).toString('utf8');
  if (type === 'L') return text.replace(/\0+$/, '');
  const line = text.split('\n').find((entry) => /^\d+ path=/.test(entry));
  return line === undefined ? null : line.slice(line.indexOf('=') + 1);
}

function nameOf(header: Uint8Array): string {
  const name = textAt(header, 0, 100);
  const isUstar = textAt(header, 257, 5) === 'ustar';
  const prefix = isUstar ? textAt(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textAt(header: Uint8Array, at: number, length: number): string {
  const field = Buffer.from(header.subarray(at, at + length));
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString('utf8');
}

function numberAt(header: Uint8Array, at: number, length: number): number {
  const value = Number.parseInt(textAt(header, at, length).trim() || '0', 8);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new AppError('artifact', 'an archive header has no readable size');
}

interface Bytes {
  /** Null at the end of the stream. */
  take(count: number): Promise<Uint8Array | null>;
  /** @throws AppError artifact when the stream ends before. */
  expect(count: number): Promise<Uint8Array>;
  skip(count: number): Promise<void>;
  drain(): Promise<void>;
}

function createBytes(source: AsyncIterable<Uint8Array>): Bytes {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);

  async function refill(): Promise<boolean> {
    const next = await iterator.next();
    if (next.done === true) return false;
    rest = next.value;
    return true;
  }

  async function read(count: number, target: Uint8Array | null): Promise<number> {
    let have = 0;
    while (have < count) {
      if (rest.length === 0 && !(await refill())) break;
      const piece = rest.subarray(0, count - have);
      target?.set(piece, have);
      have += piece.length;
      rest = rest.subarray(piece.length);
    }
    return have;
  }

  async function expect(count: number): Promise<Uint8Array> {
    const target = new Uint8Array(count);
    if ((await read(count, target)) === count) return target;
    throw new AppError('artifact', 'the archive ends in the middle of a member');
  }

  return {
    expect,
    take: async (count) => {
      if (rest.length === 0 && !(await refill())) return null;
      return await expect(count);
    },
    skip: async (count) => {
      if ((await read(count, null)) === count) return;
      throw new AppError('artifact', 'the archive ends in the middle of a member');
    },
    drain: async () => {
      while (await refill()) rest = new Uint8Array(0);
    },
  };
}

async function peek(chunks: AsyncIterable<Uint8Array>): Promise<{
  readonly first: Uint8Array;
  readonly all: () => AsyncIterable<Uint8Array>;
}> {
  const iterator = chunks[Symbol.asyncIterator]();
  const next = await iterator.next();
  const first = next.done === true ? new Uint8Array(0) : next.value;
  return {
    first,
    all: async function* () {
      if (first.length > 0) yield first;
      for (;;) {
        const later = await iterator.next();
        if (later.done === true) return;
        yield later.value;
      }
    },
  };
}
