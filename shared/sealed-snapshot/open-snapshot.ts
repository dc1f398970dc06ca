// A sealed file read back: whose it is from its header alone, and its files with the operator's key. What
// does not come out of the file exactly as it went in is refused, and the caller throws away what it has.
import { createDecipheriv, createPrivateKey } from 'node:crypto';
import { AppError } from '../errors.ts';
import { fingerprintOf, publicKeyOf } from '../recovery-key.ts';
import { openBytes } from '../seal.ts';
import { type Bytes, bytesOf } from './bytes.ts';
import {
  boundTo,
  CHUNK_BYTES,
  digestOfHeader,
  LONGEST_TEXT,
  MAGIC,
  nonceOf,
  parseHeader,
  parseIndex,
  type SealedHeader,
  TAG_BYTES,
} from './layout.ts';

export interface OpenedFile {
  readonly name: string;
  readonly bytes: number;
  /** Has to be read to its end before the next file. */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface OpenedSnapshot {
  readonly header: SealedHeader;
  /** Ends only when the whole file was as it was sealed. @throws AppError invalid */
  files(): AsyncIterable<OpenedFile>;
}

/** @param privateKeyPem of the recovery key @throws AppError invalid, refused (another key) */
export async function openSnapshot(
  sealed: AsyncIterable<Uint8Array>,
  privateKeyPem: string,
): Promise<OpenedSnapshot> {
  const source = bytesOf(sealed);
  const magic = await source.take(MAGIC.length);
  if (magic === null || !magic.equals(MAGIC)) {
    throw new AppError('invalid', 'it is no sealed snapshot of version 1');
  }
  const { text, raw } = await prefixedText(source);
  const header = parseHeader(text);
  const dataKey = await dataKeyOf(header, privateKeyPem);
  const bound = digestOfHeader(Buffer.concat([MAGIC, raw]));
  return { header, files: () => filesOf(bytesOf(chunks(source, { header, dataKey, bound }))) };
}

async function dataKeyOf(header: SealedHeader, privateKeyPem: string): Promise<Buffer> {
  const own = fingerprintOf(publicKeyOf(createPrivateKey(privateKeyPem)));
  if (own !== header.key) {
    throw new AppError(
      'refused',
      `snapshot ${header.id} of cluster ${header.cluster} was sealed to the recovery key ${header.key}, and this key is ${own}`,
    );
  }
  try {
    return await openBytes(header.dataKey, privateKeyPem, boundTo(header));
  } catch (cause) {
    throw new AppError('invalid', 'its header was changed: the key in it does not open', { cause });
  }
}

interface Opening {
  readonly header: SealedHeader;
  readonly dataKey: Buffer;
  readonly bound: Buffer;
}

async function* chunks(
  source: Bytes,
  { header, dataKey, bound }: Opening,
): AsyncIterable<Uint8Array> {
  for (let number = 0; ; number += 1) {
    const sealed = await source.upTo(CHUNK_BYTES + TAG_BYTES);
    const place = (await source.isAtEnd()) ? 'last' : 'inner';
    if (sealed.length < TAG_BYTES) throw damaged(number);
    const cipher = createDecipheriv('aes-256-gcm', dataKey, nonceOf(header.nonce, number, place));
    cipher.setAAD(bound);
    cipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const plain = cipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
    try {
      cipher.final();
    } catch {
      throw damaged(number);
    }
    yield plain;
    if (place === 'last') return;
  }
}

const damaged = (number: number): AppError =>
  new AppError(
    'invalid',
    `the file is damaged, cut off or was changed, in its ${number + 1}. mebibyte: nothing of it is kept`,
  );

async function* filesOf(content: Bytes): AsyncIterable<OpenedFile> {
  const { text } = await prefixedText(content);
  for (const { name, bytes } of parseIndex(text).files) {
    yield { name, bytes, content: content.exactly(bytes) };
  }
  if (!(await content.isAtEnd())) {
    throw new AppError('invalid', 'it holds more than its list of files says');
  }
}

async function prefixedText(
  source: Bytes,
): Promise<{ readonly text: string; readonly raw: Buffer }> {
  const length = await source.take(4);
  const size = length?.readUInt32BE() ?? 0;
  const body = size > LONGEST_TEXT ? null : await source.take(size);
  if (length === null || body === null) throw new AppError('invalid', 'the file is cut off');
  return { text: body.toString('utf8'), raw: Buffer.concat([length, body]) };
}
