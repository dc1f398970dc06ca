import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  type Journal,
  type JournalOptions,
  openJournal as open,
} from '../../../../agent/plan/journal.ts';
import { asPlanId, asStepId } from '../../../../shared/model/ids.ts';
import type { JournalRecord } from '../../../../shared/model/progress.ts';
import { onDisk } from '../../../support/on-disk.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const intent = (number: number, planId = 'p1'): JournalRecord => ({
  event: 'step-intent',
  atMs: number,
  planId: asPlanId(planId),
  stepId: asStepId('a'),
  attempt: number,
  unit: 'u',
});
const stop = (number: number, planId = 'p1'): JournalRecord => ({
  event: 'plan-stop-received',
  atMs: number,
  planId: asPlanId(planId),
});

async function openJournal(options: Omit<JournalOptions, 'disk' | 'random'>): Promise<Journal> {
  const journal = await open({ ...onDisk, ...options });
  onTestFinished(() => journal.close());
  return journal;
}

const timesOf = (journal: Journal): number[] => journal.entries().map(({ record }) => record.atMs);
const segmentsIn = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter((name) => name.endsWith('.log')).sort();

async function filled(count: number): Promise<{ directory: string; file: string }> {
  const directory = await temporaryDirectory();
  const journal = await openJournal({ directory });
  for (let number = 0; number < count; number += 1) await journal.append(stop(number));
  await journal.close();
  const [name = ''] = await segmentsIn(directory);
  return { directory, file: join(directory, name) };
}

test('what was appended is there after it is opened again, under the same id and positions', async () => {
  const directory = await temporaryDirectory();
  const first = await openJournal({ directory });
  await Promise.all([1, 2, 3].map((number) => first.append(intent(number))));
  await first.close();
  const second = await openJournal({ directory });
  expect(timesOf(second)).toEqual([1, 2, 3]);
  expect([second.id, second.base, second.end]).toEqual([first.id, 0, 3]);
  expect(second.read(1, 1).map((bytes) => JSON.parse(bytes.toString()).atMs)).toEqual([2]);
  expect(second.read(3, 1_000)).toEqual([]);
});

test('space is preallocated, and an intent leaves room for its outcome', async () => {
  const directory = await temporaryDirectory();
  const segmentBytes = 600 * 1024;
  const journal = await openJournal({ directory, segmentBytes });
  await journal.append(intent(1));
  const [name = ''] = await segmentsIn(directory);
  expect((await stat(join(directory, name))).size).toBe(segmentBytes);
  const large = { ...stop(2), planId: asPlanId('x'.repeat(100 * 1024)) };
  await journal.append(large);
  // What is left is less than the outcome of a further intent may need.
  await journal.append(intent(3));
  expect(await segmentsIn(directory)).toHaveLength(2);
});

test('a torn tail is cut, and the journal goes on behind the last whole record', async () => {
  const { directory, file } = await filled(3);
  const bytes = await readFile(file);
  const third = bytes.indexOf('MJ01', bytes.indexOf('MJ01', 1) + 1);
  bytes.fill(0, third + 40, third + 200);
  await writeFile(file, bytes);
  const journal = await openJournal({ directory });
  expect(journal.corruption).toBeNull();
  expect(timesOf(journal)).toEqual([0, 1]);
  await journal.append(stop(7));
  await journal.close();
  expect(timesOf(await openJournal({ directory }))).toEqual([0, 1, 7]);
});

test('a bad record with a valid one after it makes the journal corrupt: it takes refusals alone', async () => {
  const { directory, file } = await filled(3);
  const bytes = await readFile(file);
  bytes[60] = (bytes[60] ?? 0) ^ 1;
  await writeFile(file, bytes);
  const journal = await openJournal({ directory });
  expect(journal.corruption).toMatch(/valid one after it/);
  await expect(journal.append(intent(9))).rejects.toMatchObject({ code: 'journal-corrupt' });
  await journal.append({
    event: 'plan-refused',
    atMs: 1,
    planId: asPlanId('p2'),
    reason: 'journal-corrupt',
    message: 'x',
  });
  expect(journal.id).toMatch(/^corrupt-/);
  expect(journal.read(0, 1_000)).toHaveLength(1);
  expect((await readFile(file)).equals(bytes)).toBe(true);
});

test('a missing segment in the middle makes the journal corrupt', async () => {
  const directory = await temporaryDirectory();
  const journal = await openJournal({ directory, segmentBytes: 300 });
  for (let number = 0; number < 12; number += 1) await journal.append(stop(number));
  await journal.close();
  const names = await segmentsIn(directory);
  expect(names.length).toBeGreaterThan(2);
  await rm(join(directory, names[1] ?? ''));
  expect((await openJournal({ directory, segmentBytes: 300 })).corruption).toMatch(/missing/);
});

test('an end that was lost after the coordinator had it begins a new id, so no offset names two records', async () => {
  const { directory, file } = await filled(3);
  const first = await openJournal({ directory });
  await first.acknowledge(3);
  await first.close();
  const bytes = await readFile(file);
  const third = bytes.indexOf('MJ01', bytes.indexOf('MJ01', 1) + 1);
  bytes.fill(0, third);
  await writeFile(file, bytes);
  const second = await openJournal({ directory });
  expect(second.id).not.toBe(first.id);
  expect([second.base, second.end, second.acknowledged]).toEqual([0, 0, 0]);
  await second.append(stop(9));
  expect(second.read(0, 1_000).map((record) => JSON.parse(record.toString()).atMs)).toEqual([9]);
});

test('an acknowledgement beyond the end begins a new id as well', async () => {
  const { directory } = await filled(2);
  const journal = await openJournal({ directory });
  const { id } = journal;
  await journal.acknowledge(5);
  expect(journal.id).not.toBe(id);
  expect(journal.end).toBe(0);
});

test('a coordinator that wants what was dropped gets a new id that begins with what is left', async () => {
  const directory = await temporaryDirectory();
  const journal = await openJournal({ directory, segmentBytes: 300 });
  for (let number = 0; number < 8; number += 1) await journal.append(stop(number));
  await journal.acknowledge(8);
  await journal.dropFinished({ isFinal: () => true, beforeDrop: async () => undefined });
  const { id, base } = journal;
  expect(base).toBeGreaterThan(0);
  await journal.acknowledge(0);
  expect(journal.id).not.toBe(id);
  expect([journal.base, journal.end]).toEqual([0, 8 - base]);
  expect(JSON.parse(journal.read(0, 1)[0]?.toString() ?? '').atMs).toBe(base);
});

test('segments go from the front once acknowledged and final, what belongs to their plans first', async () => {
  const directory = await temporaryDirectory();
  const journal = await openJournal({ directory, segmentBytes: 300 });
  for (let number = 0; number < 6; number += 1) await journal.append(stop(number, 'p1'));
  for (let number = 6; number < 18; number += 1) await journal.append(stop(number, 'p2'));
  const before = await segmentsIn(directory);
  const gone: string[] = [];
  const drop = async (isFinal: (planId: string) => boolean): Promise<void> =>
    journal.dropFinished({ isFinal, beforeDrop: async (ids) => void gone.push(...ids) });
  await drop(() => true);
  expect(await segmentsIn(directory)).toEqual(before);
  await journal.acknowledge(18);
  await drop((planId) => planId === 'p1');
  expect((await segmentsIn(directory)).length).toBeLessThan(before.length);
  await drop(() => true);
  expect(gone).toEqual(['p1']);
  expect(journal.base).toBeGreaterThan(5);
  expect(journal.end).toBe(18);
  await journal.close();
  const again = await openJournal({ directory, segmentBytes: 300 });
  expect([again.base, again.end, again.corruption]).toEqual([journal.base, 18, null]);
});

test('a record that is too large is refused and leaves the journal as it was', async () => {
  const directory = await temporaryDirectory();
  const journal = await openJournal({ directory });
  const huge = { ...stop(1), planId: asPlanId('x'.repeat(300 * 1024)) };
  await expect(journal.append(huge)).rejects.toThrow(/at most/);
  await journal.append(stop(2));
  expect(timesOf(journal)).toEqual([2]);
});
