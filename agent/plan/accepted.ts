// The highest accepted (epoch, sequence, digest) per lane, in a small file of two slots that are
// written in turn and fsynced: one of them is whole at any moment (rule 23). It outlives the journal
// and the agent's binary; only it decides that an old plan is old.
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { AppError } from '../../shared/errors.ts';
import type { Lane } from '../../shared/model/plan.ts';
import { readIfThere, syncDirectory } from '../durable-file.ts';
import { type AcceptedPair, type AcceptedPairs, compareOrder, noPairs } from './accepted-pair.ts';

const slotSize = 4096;

interface Slot {
  readonly generation: number;
  readonly pairs: AcceptedPairs;
}

export interface AcceptedStore {
  pairs(): AcceptedPairs;
  /** On the disk when it returns. A lower pair changes nothing. */
  raise(lane: Lane, pair: AcceptedPair): Promise<void>;
}

/** @throws AppError journal-corrupt when the file is there and neither slot is whole. */
export async function openAccepted(path: string): Promise<AcceptedStore> {
  const bytes = await readIfThere(path);
  let current = bytes === null ? await createFile(path) : newestSlot(bytes, path);
  let queue: Promise<unknown> = Promise.resolve();
  const raise = async (lane: Lane, pair: AcceptedPair): Promise<void> => {
    const before = current.pairs[lane];
    if (before !== null && compareOrder(pair, before) <= 0) return;
    const generation = current.generation + 1;
    const next: Slot = { generation, pairs: { ...current.pairs, [lane]: pair } };
    await withFile(path, 'r+', async (file) => {
      await file.write(encodeSlot(next), 0, slotSize, (generation % 2) * slotSize);
      await file.datasync();
    });
    current = next;
  };
  return {
    pairs: () => current.pairs,
    raise: (lane, pair) => {
      const done = queue.then(() => raise(lane, pair));
      queue = done.catch(() => undefined);
      return done;
    },
  };
}

async function createFile(path: string): Promise<Slot> {
  const first: Slot = { generation: 0, pairs: noPairs };
  await withFile(path, 'wx', async (file) => {
    await file.write(Buffer.concat([encodeSlot(first), encodeSlot(first)]), 0, 2 * slotSize, 0);
    await file.sync();
  });
  await syncDirectory(dirname(path));
  return first;
}

function newestSlot(bytes: Buffer, path: string): Slot {
  const slots = [0, slotSize].map((at) => decodeSlot(bytes.subarray(at, at + slotSize)));
  const whole = slots.filter((slot) => slot !== null);
  const [newest] = whole.sort((a, b) => b.generation - a.generation);
  if (newest !== undefined) return newest;
  // A crash while the file was made leaves nothing but zeros: nothing was ever accepted then.
  if (bytes.every((byte) => byte === 0)) return { generation: 0, pairs: noPairs };
  throw new AppError(
    'journal-corrupt',
    `both slots of ${path} are damaged: which plans are old is not known`,
  );
}

/** Length, CRC-32, JSON, zeros. */
function encodeSlot(slot: Slot): Buffer {
  const body = Buffer.from(JSON.stringify(slot));
  const bytes = Buffer.alloc(slotSize);
  bytes.writeUInt32LE(body.length, 0);
  bytes.writeUInt32LE(crc32(body), 4);
  body.copy(bytes, 8);
  return bytes;
}

function decodeSlot(bytes: Buffer): Slot | null {
  if (bytes.length < 8) return null;
  const length = bytes.readUInt32LE(0);
  if (length === 0 || length > slotSize - 8) return null;
  const body = bytes.subarray(8, 8 + length);
  if (body.length !== length || crc32(body) !== bytes.readUInt32LE(4)) return null;
  return JSON.parse(body.toString('utf8')) as Slot;
}

async function withFile(
  path: string,
  flags: string,
  work: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await work(file);
  } finally {
    await file.close();
  }
}
