// The files behind a journal: segments named after the index of their first record. Loads them, cuts a
// torn tail, drops old ones from the front. Decides nothing about plans.
import { basename, join } from 'node:path';
import type { JournalRecord } from '../../shared/model/progress.ts';
import type { StateDisk } from '../state-disk.ts';
import { parseRecord } from './journal-record.ts';
import { type SegmentRecord, scanSegment } from './journal-segment.ts';

export interface JournalEntry {
  readonly record: JournalRecord;
  /** As written and as sent. */
  readonly bytes: Buffer;
}

export interface DropOptions {
  readonly isFinal: (planId: string) => boolean;
  /** Their last records are about to go: what else is kept for them goes first. */
  readonly beforeDrop: (planIds: readonly string[]) => Promise<void>;
}

export interface Segment {
  readonly path: string;
  readonly first: number;
  readonly entries: JournalEntry[];
  end: number;
}

export interface SegmentFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export interface Damage {
  /** In one clause, with the file. */
  readonly what: string;
  readonly path: string;
  /** Of the first byte that is no record. */
  readonly position: number;
  /** Whole records behind it that nobody may count on. */
  readonly stray: readonly JournalRecord[];
}

interface JudgedSegments {
  /** Whole records, in order, up to the damage. */
  readonly segments: Segment[];
  readonly torn: readonly { readonly segment: Segment; readonly size: number }[];
  readonly damage: Damage | null;
}

export interface Loaded {
  readonly segments: Segment[];
  readonly damage: Damage | null;
}

/** The files of a journal's segments, in order; null when there is no such folder. */
export async function readSegmentFiles(
  disk: StateDisk,
  directory: string,
): Promise<readonly SegmentFile[] | null> {
  const names = await disk.list(directory);
  if (names === null) return null;
  const files: SegmentFile[] = [];
  for (const name of names.filter((one) => /^\d{12}\.log$/.test(one))) {
    const path = join(directory, name);
    const bytes = await disk.read(path);
    if (bytes !== null) files.push({ path, bytes });
  }
  return files;
}

/** What may be counted on. Pure. */
export function judgeSegments(files: readonly SegmentFile[]): JudgedSegments {
  const segments: Segment[] = [];
  const torn: { readonly segment: Segment; readonly size: number }[] = [];
  for (const { path, bytes } of files) {
    const first = Number(basename(path, '.log'));
    const before = segments.at(-1);
    const expected = before === undefined ? first : before.first + before.entries.length;
    const scan = scanSegment(bytes, first);
    const parsed = scan.records.map(({ payload }) => ({
      record: parseRecord(payload),
      bytes: payload,
    }));
    const unread = parsed.findIndex(({ record }) => record === null);
    const entries = (unread < 0 ? parsed : parsed.slice(0, unread)).filter(isEntry);
    const damagedAt = (what: string, position: number, stray: readonly JournalRecord[]) => ({
      segments,
      torn,
      damage: { what: `${what} in ${path}`, path, position, stray },
    });
    const whole = entries.map(({ record }) => record);
    if (entries.length > 0 && torn.length > 0) {
      return damagedAt(`records after a bad one of ${torn[0]?.segment.path}`, 0, whole);
    }
    if (entries.length > 0 && first !== expected) {
      return damagedAt(`records missing before ${first}`, 0, whole);
    }
    const segment: Segment = { path, first, entries, end: scan.end };
    segments.push(segment);
    if (unread >= 0) {
      const what = `record ${first + unread} is none that this agent knows`;
      return damagedAt(what, 0, recordsOf(scan.records.slice(unread)));
    }
    if (scan.tail === 'valid-after-bad') {
      return damagedAt('a bad record with a valid one after it', scan.end, recordsOf(scan.stray));
    }
    if (scan.tail === 'torn') torn.push({ segment, size: bytes.length });
  }
  return { segments, torn, damage: null };
}

const isEntry = (entry: {
  readonly record: JournalRecord | null;
  readonly bytes: Buffer;
}): entry is JournalEntry => entry.record !== null;

const recordsOf = (found: readonly SegmentRecord[]): readonly JournalRecord[] =>
  found.map(({ payload }) => parseRecord(payload)).filter((record) => record !== null);

/** Cuts a torn tail. Changes nothing of what is damaged. */
export async function loadSegments(disk: StateDisk, directory: string): Promise<Loaded> {
  const files = (await readSegmentFiles(disk, directory)) ?? [];
  const { segments, torn, damage } = judgeSegments(files);
  if (damage !== null) return { segments, damage };
  for (const { segment, size } of torn) {
    await using file = await disk.open(segment.path);
    await file.write(Buffer.alloc(size - segment.end), segment.end);
  }
  await removeEmpty(disk, segments);
  return { segments, damage: null };
}

/** Segments that never got a record (a crash while one was made) go; their place is allocated again. */
async function removeEmpty(disk: StateDisk, segments: Segment[]): Promise<void> {
  const kept = segments.filter((segment) => segment.entries.length > 0);
  for (const segment of segments) {
    if (segment.entries.length === 0) await disk.remove(segment.path);
  }
  segments.splice(0, segments.length, ...kept);
}

export interface Dropping extends DropOptions {
  readonly disk: StateDisk;
  /** Index after the last record that the coordinator has. */
  readonly acknowledged: number;
}

export async function dropSegments(segments: Segment[], drop: Dropping): Promise<void> {
  for (;;) {
    const [segment, ...later] = segments;
    // The last one is being written.
    if (segment === undefined || later.length === 0) return;
    const planIds = new Set(segment.entries.map(({ record }) => record.planId as string));
    const isAcknowledged = segment.first + segment.entries.length <= drop.acknowledged;
    if (!isAcknowledged || ![...planIds].every(drop.isFinal)) return;
    const named = new Set(
      later.flatMap(({ entries }) => entries.map(({ record }) => record.planId as string)),
    );
    await drop.beforeDrop([...planIds].filter((planId) => !named.has(planId)));
    await drop.disk.remove(segment.path);
    segments.shift();
  }
}

export function takeWithin(
  entries: readonly JournalEntry[],
  limitBytes: number,
): readonly Buffer[] {
  const taken: Buffer[] = [];
  let size = 0;
  for (const { bytes } of entries) {
    size += bytes.length;
    if (taken.length > 0 && size > limitBytes) break;
    taken.push(bytes);
  }
  return taken;
}
