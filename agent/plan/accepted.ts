// The highest accepted (epoch, sequence, digest) per lane, in a small file of two slots that are
// written in turn and fsynced: one of them is whole at any moment. It outlives the journal
// and the agent's binary; only it decides that an old plan is old.
import { crc32 } from 'node:zlib';
import { AppError } from '../../shared/errors.ts';
import type { Lane } from '../../shared/model/plan.ts';
import type { StateDisk } from '../state-disk.ts';
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
export async function openAccepted(disk: StateDisk, path: string): Promise<AcceptedStore> {
  const bytes = await disk.read(path);
  let current = bytes === null ? await createFile(disk, path) : newestSlot(bytes, path);
  let queue: Promise<unknown> = Promise.resolve();
  const raise = async (lane: Lane, pair: AcceptedPair): Promise<void> => {
    const before = current.pairs[lane];
    if (before !== null && compareOrder(pair, before) <= 0) return;
    const generation = current.generation + 1;
    const next: Slot = { generation, pairs: { ...current.pairs, [lane]: pair } };
    await using file = await disk.open(path);
    await file.write(encodeSlot(next), (generation % 2) * slotSize);
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

async function createFile(disk: StateDisk, path: string): Promise<Slot> {
  const first: Slot = { generation: 0, pairs: noPairs };
  await disk.replace(path, Buffer.concat([encodeSlot(first), encodeSlot(first)]));
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
    `both slots of ${path} are damaged, so which plans are old is not known and none is begun: stop the agent, then run \`muster-agent journal go-on --yes\`, which sets the file aside`,
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
  return slotFrom(body);
}

function slotFrom(body: Buffer): Slot | null {
  try {
    const slot = JSON.parse(body.toString('utf8')) as Slot;
    const { host, cluster } = slot.pairs;
    return Number.isSafeInteger(slot.generation) && [host, cluster].every(isPair) ? slot : null;
  } catch {
    return null;
  }
}

const isPair = (pair: AcceptedPair | null): boolean =>
  pair === null ||
  (Number.isSafeInteger(pair.epoch) &&
    Number.isSafeInteger(pair.sequence) &&
    typeof pair.digest === 'string');
