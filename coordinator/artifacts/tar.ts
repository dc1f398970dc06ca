// As much of tar as is needed: writing plain files the same way every time, and taking one member
// out of an archive that may be gzipped.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { AppError } from '../../shared/errors.ts';

const block = 512;

/** A header without owner, with time 0: equal content, equal archive. @param name at most 100 bytes */
export function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(block);
  header.write(name, 0, 100, 'utf8');
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

export const tarPadding = (size: number): Buffer => Buffer.alloc((block - (size % block)) % block);
export const tarEnd = (): Buffer => Buffer.alloc(2 * block);

export interface Extraction {
  readonly archive: string;
  /** With or without a leading `./`. */
  readonly member: string;
  readonly to: string;
  readonly maxBytes: number;
}

/** @throws AppError artifact when there is no such member. */
export async function extractMember(extraction: Extraction): Promise<void> {
  const { archive, member, to, maxBytes } = extraction;
  const reader = new BlockReader(unpacked(archive));
  try {
    for (;;) {
      const header = await reader.take(block);
      if (header === null || header.every((byte) => byte === 0)) break;
      const { name, size, isFile } = parseHeader(header, archive);
      if (!isFile || plainName(name) !== plainName(member)) {
        await reader.skip(Math.ceil(size / block) * block);
        continue;
      }
      if (size > maxBytes)
        throw new AppError(
          'artifact',
          `${archive}: ${member} is ${size} bytes, more than ${maxBytes}`,
        );
      await writeMember(reader, size, to);
      return;
    }
  } finally {
    await reader.close();
  }
  throw new AppError('artifact', `${archive} has no member ${member}`);
}

async function writeMember(reader: BlockReader, size: number, to: string): Promise<void> {
  const file = await open(to, 'w', 0o600);
  try {
    let left = size;
    while (left > 0) {
      const chunk = await reader.take(Math.min(left, 1024 * 1024));
      if (chunk === null)
        throw new AppError('artifact', 'the archive ends in the middle of a member');
      await file.writeFile(chunk);
      left -= chunk.length;
    }
  } finally {
    await file.close();
  }
}

function parseHeader(header: Buffer, archive: string) {
  const text = (from: number, length: number): string =>
    header.toString('utf8', from, from + length).replace(/\0[\s\S]*$/, '');
  const size = Number.parseInt(text(124, 12).trim(), 8);
  if (Number.isNaN(size)) throw new AppError('artifact', `${archive} is not a tar archive`);
  const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
  const name = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  return { name, size, isFile: ['0', ''].includes(text(156, 1)) };
}

const plainName = (name: string): string => name.replace(/^(\.\/)+/, '');

async function* unpacked(path: string): AsyncGenerator<Buffer> {
  const file = await open(path);
  const magic = Buffer.alloc(2);
  await file.read(magic, 0, 2, 0);
  await file.close();
  const raw = createReadStream(path);
  const isGzip = magic[0] === 0x1f && magic[1] === 0x8b;
  const stream = isGzip ? raw.pipe(createGunzip()) : raw;
  if (isGzip) raw.on('error', (error) => stream.destroy(error));
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } finally {
    raw.destroy();
  }
}

class BlockReader {
  readonly #source: AsyncGenerator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(source: AsyncGenerator<Buffer>) {
    this.#source = source;
  }

  /** Exactly `length` bytes, or null at the end. */
  async take(length: number): Promise<Buffer | null> {
    while (this.#buffer.length < length) {
      const next = await this.#source.next();
      if (next.done === true) return null;
      this.#buffer = Buffer.concat([this.#buffer, next.value]);
    }
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  async skip(length: number): Promise<void> {
    let left = length;
    while (left > 0) {
      const taken = await this.take(Math.min(left, 1024 * 1024));
      if (taken === null) return;
      left -= taken.length;
    }
  }

  async close(): Promise<void> {
    await this.#source.return(undefined);
  }
}
