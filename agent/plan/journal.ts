// The agent's journal: the one record of what happens to plans, and the outbox of progress. Intent is
// here before anything is done, outcome after; every append is on the disk when it returns.
// Positions: (journal id, offset), offset = number of records since the id began. A journal whose end
// was lost begins a new id, so that no offset ever names two records.
//
// INVARIANTS: one append at a time; a segment is never written behind a record that is not durable;
// nothing is appended to a corrupt journal but, in memory, refusals that say so.
import { join } from 'node:path';
import { isOf } from '../../shared/alphabets.ts';
import { AppError } from '../../shared/errors.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';
import { newId, type Random } from '../../shared/random.ts';
import { objectFrom } from '../../shared/rpc/codec.ts';
import type { StateDisk, StateFile } from '../state-disk.ts';
import { openCorruptJournal } from './corrupt-journal.ts';
import {
  type DropOptions,
  dropSegments,
  type JournalEntry,
  loadSegments,
  type Segment,
  takeWithin,
} from './journal-files.ts';
import { encodeRecord, RECORD_LIMIT } from './journal-segment.ts';

export interface Journal {
  readonly id: string;
  /** What is wrong, in one clause; null when it is sound. */
  readonly corruption: string | null;
  /** Offset of the first record that is still here. */
  readonly base: number;
  /** Offset after the last record. */
  readonly end: number;
  /** Offset the coordinator wants next, as far as is known. */
  readonly acknowledged: number;
  /** Everything still here, in order. */
  entries(): readonly JournalEntry[];
  /** Records from `offset`, at most `limitBytes` of them, at least one if there is one. */
  read(offset: number, limitBytes: number): readonly Buffer[];
  /** @throws AppError journal-corrupt; or when the disk is full: then nothing may be done. */
  append(record: JournalRecord): Promise<void>;
  /** The coordinator has everything before `next`. What it cannot have, or cannot get any more, begins a new id. */
  acknowledge(next: number): Promise<void>;
  /** Drops segments from the front whose records are acknowledged and whose plans are all final. */
  dropFinished(options: DropOptions): Promise<void>;
  onAppend(listener: () => void): void;
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly disk: StateDisk;
  readonly directory: string;
  readonly random: Random;
  /** @default 2 MiB */
  readonly segmentBytes?: number;
}

/** A position that is a little old only makes the coordinator hear some records twice. */
const saveEvery = 64;

/** Kept free in a segment when an intent is written, so that its outcome has a place. */
const outcomeReserve = 2 * RECORD_LIMIT;

export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { disk, directory, random } = options;
  await disk.makeDirectory(directory);
  const segmentBytes = options.segmentBytes ?? 2 * 1024 * 1024;
  const loaded = await loadSegments(disk, directory);
  const { segments } = loaded;
  if (loaded.damage !== null) {
    const { what } = loaded.damage;
    return openCorruptJournal({ id: `corrupt-${newId(random)}`, corruption: what, segments });
  }

  const firstIndex = (): number => segments[0]?.first ?? 0;
  const endIndex = (): number => {
    const last = segments.at(-1);
    return last === undefined ? 0 : last.first + last.entries.length;
  };
  let position = await loadPosition(options, firstIndex());
  let savedAcknowledged = position.acknowledged;
  const listeners: (() => void)[] = [];
  let active: StateFile | null = null;
  let queue: Promise<unknown> = Promise.resolve();

  const serially = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  };
  const savePosition = async (next: Position): Promise<void> => {
    await disk.replace(positionPath(directory), JSON.stringify(next));
    position = next;
    savedAcknowledged = next.acknowledged;
  };
  const openSegment = async (): Promise<Segment> => {
    await active?.close();
    active = null;
    const first = endIndex();
    const path = join(directory, `${String(first).padStart(12, '0')}.log`);
    await disk.allocate(path, segmentBytes);
    const segment: Segment = { path, first, entries: [], end: 0 };
    segments.push(segment);
    return segment;
  };
  const write = async (record: JournalRecord): Promise<void> => {
    const payload = Buffer.from(JSON.stringify(record));
    if (payload.length > RECORD_LIMIT) {
      throw new AppError(
        'internal',
        `a journal record of ${payload.length} bytes; at most ${RECORD_LIMIT}`,
      );
    }
    const bytes = encodeRecord(endIndex(), payload);
    const needed = bytes.length + (record.event === 'step-intent' ? outcomeReserve : 0);
    const last = segments.at(-1);
    const segment =
      last !== undefined && last.end + needed <= segmentBytes ? last : await openSegment();
    active ??= await disk.open(segment.path);
    await active.write(bytes, segment.end);
    segment.end += bytes.length;
    segment.entries.push({ record, bytes: payload });
  };
  /** Records were lost that the coordinator has, or that it still wants: a new count begins. */
  const beginNewId = async (began: number): Promise<void> => {
    await savePosition({ id: newId(random), began, acknowledged: 0 });
  };
  const isBefore = position.began > endIndex();
  if (isBefore || position.began + position.acknowledged > endIndex()) await beginNewId(endIndex());

  return {
    get id() {
      return position.id;
    },
    corruption: null,
    get base() {
      return Math.max(0, firstIndex() - position.began);
    },
    get end() {
      return endIndex() - position.began;
    },
    get acknowledged() {
      return position.acknowledged;
    },
    entries: () => segments.flatMap((segment) => segment.entries),
    read: (offset, limitBytes) => {
      const start = position.began + offset - firstIndex();
      const all = segments.flatMap((segment) => segment.entries).slice(Math.max(0, start));
      return takeWithin(all, limitBytes);
    },
    append: (record) =>
      serially(async () => {
        await write(record);
        for (const listener of listeners) listener();
      }),
    acknowledge: (next) =>
      serially(async () => {
        const wanted = position.began + next;
        if (wanted > endIndex()) {
          await beginNewId(endIndex());
          return;
        }
        if (wanted < firstIndex()) {
          await beginNewId(firstIndex());
          return;
        }
        position = { ...position, acknowledged: next };
        if (Math.abs(next - savedAcknowledged) >= saveEvery) await savePosition(position);
      }),
    dropFinished: (drop) =>
      serially(async () => {
        if (segments.length < 2) return;
        await savePosition(position);
        const acknowledged = position.began + position.acknowledged;
        await dropSegments(segments, { ...drop, disk, acknowledged });
      }),
    onAppend: (listener) => void listeners.push(listener),
    close: () =>
      serially(async () => {
        await savePosition(position);
        await active?.close();
        active = null;
      }),
  };
}

export interface Position {
  readonly id: string;
  /** Index of the record that has offset 0. */
  readonly began: number;
  readonly acknowledged: number;
}

const positionPath = (directory: string): string => join(directory, 'position.json');

/** Null when there is none that can be read. */
export async function readPosition(disk: StateDisk, directory: string): Promise<Position | null> {
  const text = await disk.read(positionPath(directory));
  return text === null ? null : positionFrom(text);
}

/** Null when it is damaged: a new id begins, and the coordinator hears everything once more. */
function positionFrom(text: Uint8Array): Position | null {
  try {
    const { id, began, acknowledged } = objectFrom(text, 'position', 64 * 1024);
    const isWhole = typeof id === 'string' && isOf('identifier', id);
    if (!isWhole || !isOffset(began) || !isOffset(acknowledged)) return null;
    return { id, began, acknowledged };
  } catch {
    return null;
  }
}

const isOffset = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

async function loadPosition(options: JournalOptions, firstIndex: number): Promise<Position> {
  const { disk, directory, random } = options;
  const present = await readPosition(disk, directory);
  if (present !== null) return present;
  const position: Position = { id: newId(random), began: firstIndex, acknowledged: 0 };
  await disk.replace(positionPath(directory), JSON.stringify(position));
  return position;
}
