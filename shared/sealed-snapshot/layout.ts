// The file that a snapshot of etcd leaves its host as, version 1 (docs/etcd.md has it in words):
//
//   magic | u32 length of the header | header, JSON | chunk | chunk | … | last chunk
//
// The header names cluster, snapshot and recovery key, and holds the data key sealed to it (HPKE). Each
// chunk is AES-256-GCM under the data key: at most CHUNK_BYTES of the content and a tag of 16 bytes; its
// nonce is the file's prefix, the chunk's number and whether it is the last one, its associated data the
// digest of everything before the first chunk. So no chunk can be changed, moved, left out or added.
//
// The content: u32 length of the index | index, JSON: names and sizes | the files, one after another.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical.ts';
import { AppError } from '../errors.ts';
import type { SealedBytes } from '../seal.ts';

export const MAGIC = Buffer.from('muster-sealed-snapshot-1\n');
export const CHUNK_BYTES = 1024 * 1024;
export const TAG_BYTES = 16;
export const KEY_BYTES = 32;
const prefixBytes = 7;
/** Far above what a header or an index has to say. */
export const LONGEST_TEXT = 64 * 1024;

export interface SealedHeader {
  readonly schema: 'muster/sealed-snapshot/v1';
  readonly cluster: string;
  /** Of the snapshot. */
  readonly id: string;
  /** Fingerprint of the recovery key. */
  readonly key: string;
  readonly dataKey: SealedBytes;
  /** Base64 of the first bytes of every nonce. */
  readonly nonce: string;
}

export interface SnapshotIndex {
  readonly schema: 'muster/snapshot-files/v1';
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

/** What the data key is sealed for. */
export const boundTo = ({
  cluster,
  id,
  key,
}: Pick<SealedHeader, 'cluster' | 'id' | 'key'>): Buffer =>
  Buffer.from(canonicalJson({ schema: 'muster/sealed-snapshot/v1', cluster, id, key }));

export function prefixed(text: string): Buffer {
  const body = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** Everything before the first chunk. */
export const headerBytes = (header: SealedHeader): Buffer =>
  Buffer.concat([MAGIC, prefixed(JSON.stringify(header))]);

export const digestOfHeader = (bytes: Uint8Array): Buffer =>
  createHash('sha256').update(bytes).digest();

export const newNoncePrefix = (bytes: (count: number) => Buffer): string =>
  bytes(prefixBytes).toString('base64');

/** @param number of the chunk, from 0 */
export function nonceOf(prefix: string, number: number, place: 'inner' | 'last'): Buffer {
  const nonce = Buffer.alloc(12);
  Buffer.from(prefix, 'base64').copy(nonce, 0, 0, prefixBytes);
  nonce.writeUInt32BE(number, prefixBytes);
  nonce[11] = place === 'last' ? 1 : 0;
  return nonce;
}

/** @throws AppError invalid */
export function parseHeader(text: string): SealedHeader {
  const header = parsed(text) as Partial<SealedHeader> | null;
  const { dataKey, schema } = header ?? {};
  const texts = [header?.cluster, header?.id, header?.key, header?.nonce];
  const sealed = [dataKey?.encapsulated, dataKey?.ciphertext];
  if (schema !== 'muster/sealed-snapshot/v1' || ![...texts, ...sealed].every(isText)) {
    throw new AppError('invalid', 'its header is not that of a sealed snapshot of version 1');
  }
  return header as SealedHeader;
}

const nameForm = /^[a-z0-9][a-z0-9.-]*(\/[a-z0-9][a-z0-9.-]*)?$/;

/** Names are paths below the folder that it is opened in. @throws AppError invalid */
export function parseIndex(text: string): SnapshotIndex {
  const index = parsed(text) as Partial<SnapshotIndex> | null;
  const isGood =
    index?.schema === 'muster/snapshot-files/v1' &&
    Array.isArray(index.files) &&
    index.files.every(
      (file: Partial<SnapshotIndex['files'][number]> | null) =>
        isText(file?.name) && nameForm.test(file.name) && Number.isSafeInteger(file.bytes),
    );
  if (!isGood) throw new AppError('invalid', 'its list of files cannot be read');
  return index as SnapshotIndex;
}

const isText = (value: unknown): value is string => typeof value === 'string';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('invalid', 'a part of it that should be JSON is not', { cause });
  }
}
