// A snapshot of etcd and the keys that belong to it, as a stream of the bytes of a sealed file: one
// mebibyte at a time, whatever its size.
import { createCipheriv } from 'node:crypto';
import { AppError } from '../errors.ts';
import type { Random } from '../random.ts';
import { fingerprintOf } from '../recovery-key.ts';
import { sealBytes } from '../seal.ts';
import {
  boundTo,
  CHUNK_BYTES,
  digestOfHeader,
  headerBytes,
  KEY_BYTES,
  newNoncePrefix,
  nonceOf,
  prefixed,
  type SealedHeader,
  type SnapshotIndex,
} from './layout.ts';

export interface PlainFile {
  /** Below the folder that it will be opened in: `snapshot.db`, `pki/ca.key`. */
  readonly name: string;
  readonly bytes: number;
  readonly content: () => AsyncIterable<Uint8Array>;
}

export interface SnapshotSealing {
  readonly cluster: string;
  readonly id: string;
  /** Base64 of the SPKI DER of the operator's P-256 key. */
  readonly recoveryKey: string;
  readonly files: readonly PlainFile[];
  readonly random: Random;
}

/** @throws AppError conflict, when a file is not as long as it was said to be */
export async function* sealSnapshot(sealing: SnapshotSealing): AsyncIterable<Uint8Array> {
  const { cluster, id, recoveryKey, random } = sealing;
  const dataKey = random.bytes(KEY_BYTES);
  const named = { cluster, id, key: fingerprintOf(recoveryKey) };
  const header: SealedHeader = {
    schema: 'muster/sealed-snapshot/v1',
    ...named,
    dataKey: await sealBytes(dataKey, recoveryKey, boundTo(named)),
    nonce: newNoncePrefix(random.bytes),
  };
  const head = headerBytes(header);
  const bound = digestOfHeader(head);
  yield head;
  let number = 0;
  for await (const { chunk, place } of inChunks(contentOf(sealing.files))) {
    const cipher = createCipheriv('aes-256-gcm', dataKey, nonceOf(header.nonce, number, place));
    cipher.setAAD(bound);
    yield Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
    number += 1;
  }
}

async function* contentOf(files: readonly PlainFile[]): AsyncIterable<Uint8Array> {
  const index: SnapshotIndex = {
    schema: 'muster/snapshot-files/v1',
    files: files.map(({ name, bytes }) => ({ name, bytes })),
  };
  yield prefixed(JSON.stringify(index));
  for (const { name, bytes, content } of files) {
    let seen = 0;
    for await (const piece of content()) {
      seen += piece.length;
      yield piece;
    }
    if (seen !== bytes) {
      throw new AppError('conflict', `${name} had ${bytes} bytes and now has ${seen}`, {
        retryable: true,
      });
    }
  }
}

interface Chunk {
  readonly chunk: Buffer;
  readonly place: 'inner' | 'last';
}

/** Whole ones, and the rest: which is the last is only known when nothing more comes. */
async function* inChunks(content: AsyncIterable<Uint8Array>): AsyncIterable<Chunk> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for await (const piece of content) {
    waiting.push(piece);
    size += piece.length;
    while (size > CHUNK_BYTES) {
      const all = Buffer.concat(waiting);
      yield { chunk: all.subarray(0, CHUNK_BYTES), place: 'inner' };
      waiting = [all.subarray(CHUNK_BYTES)];
      size = all.length - CHUNK_BYTES;
    }
  }
  yield { chunk: Buffer.concat(waiting), place: 'last' };
}
