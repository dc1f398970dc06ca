// Takes named members out of a tar stream, gzipped or not. Regular files only, by their exact names: a
// member that is a link or a device, or too big, is an error, and nothing of the archive chooses where
// bytes go. The format itself is tar-stream's business; an archive that unpacks without end is not.
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { AppError } from './errors.ts';

export interface TarMember {
  /** Without a leading `./`. */
  readonly name: string;
  readonly size: number;
  /** To be read to its end, or the archive does not go on. */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface TarRequest {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** As in the archive, without a leading `./`. */
  readonly names: ReadonlySet<string>;
  /** No member may be bigger. */
  readonly maxBytes: number;
  /** Called once per member, in the order of the archive. */
  readonly onMember: (member: TarMember) => Promise<void>;
  readonly signal: AbortSignal;
  /** Of everything that the archive unpacks to. @default 16 GiB */
  readonly maxUnpackedBytes?: number;
}

const gigabyte = 1024 ** 3;

/** Answers the names that were found. @throws AppError artifact */
export async function readTarMembers(request: TarRequest): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const { signal } = request;
  const peeked = await peek(request.chunks);
  const isGzip = peeked.first[0] === 0x1f && peeked.first[1] === 0x8b;
  const bytes = Readable.from(peeked.all(), { objectMode: false });
  const sink = tarSink(request, found);
  try {
    if (isGzip) await pipeline(bytes, createGunzip({ chunkSize: 256 * 1024 }), sink, { signal });
    else await pipeline(bytes, sink, { signal });
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof AppError) throw thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AppError('artifact', `not a readable archive: ${message}`, { cause: thrown });
  }
  return found;
}

/** The whole of a member at once. */
export async function bytesOf({ size, content }: TarMember): Promise<Uint8Array> {
  const whole = new Uint8Array(size);
  let have = 0;
  for await (const piece of content) {
    whole.set(piece, have);
    have += piece.length;
  }
  return whole;
}

/**
 * Once every name was found the rest is not looked at, but it still comes through: a stream that was
 * cut off, or changed, ends in an error of its compression.
 */
function tarSink(request: TarRequest, found: Set<string>): Writable {
  const limit = request.maxUnpackedBytes ?? 16 * gigabyte;
  const tar = extract();
  let unpacked = 0;
  let isOver = false;
  tar.on('entry', (header, stream, next) => {
    // It ends with the archive, which says why.
    stream.on('error', () => {});
    const take = async (): Promise<void> => {
      const name = plainName(header.name);
      if (!request.names.has(name) || found.has(name)) {
        stream.resume();
        await once(stream, 'end');
        return;
      }
      refuseUnlessFile(header, name, request.maxBytes);
      const content = stream as AsyncIterable<Uint8Array>;
      await request.onMember({ name, size: header.size, content });
      found.add(name);
      if (found.size === request.names.size) isOver = true;
    };
    take().then(() => (isOver ? tar.destroy() : next()), next);
  });
  const sink = new Writable({
    highWaterMark: 1024 * 1024,
    write: (chunk: Uint8Array, _encoding, done) => {
      unpacked += chunk.length;
      if (unpacked > limit) {
        done(new AppError('artifact', `the archive unpacks to more than ${limit} bytes`));
      } else if (isOver || tar.write(chunk)) done();
      else whenReady(done);
    },
    final: (done) => {
      if (isOver) done();
      else {
        tar.once('close', () => done(null));
        tar.end(null);
      }
    },
    destroy: (error, done) => {
      tar.destroy();
      done(error);
    },
  });
  const whenReady = (done: (error?: Error | null) => void): void => {
    const ready = (): void => {
      tar.off('drain', ready);
      tar.off('close', ready);
      done();
    };
    tar.on('drain', ready);
    tar.on('close', ready);
  };
  tar.on('error', (error) => {
    if (!isOver) sink.destroy(error);
  });
  return sink;
}

function refuseUnlessFile({ type, size }: Header, name: string, maxBytes: number): void {
  if (type !== 'file') {
    throw new AppError('artifact', `${name} in the archive is no regular file (${String(type)})`);
  }
  if (size <= maxBytes) return;
  throw new AppError('artifact', `${name} in the archive has ${size} bytes, more than ${maxBytes}`);
}

/** As names are compared: `./bin/ctr` and `bin/ctr` are one, and so are `bin/` and `bin`. */
export const plainName = (name: string): string =>
  name.replace(/^(\.\/)+/, '').replace(/(?<=.)\/+$/, '');

/** Enough to see whether it is gzip, and all of it again. */
async function peek(chunks: AsyncIterable<Uint8Array>): Promise<{
  readonly first: Uint8Array;
  readonly all: () => AsyncIterable<Uint8Array>;
}> {
  const iterator = chunks[Symbol.asyncIterator]();
  let first: Uint8Array = new Uint8Array(0);
  while (first.length < 2) {
    const next = await iterator.next();
    if (next.done === true) break;
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value]);
  }
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
