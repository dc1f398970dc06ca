import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openJournal } from '../../agent/plan/journal.ts';
import { asPlanId } from '../../shared/model/ids.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';
import { onDisk } from '../support/on-disk.ts';

const record = (number: number): JournalRecord => ({
  event: 'plan-stop-received',
  atMs: number,
  planId: asPlanId(`p${number}`),
});

const segmentBytes = 1_000;

interface Damage {
  readonly kind: 'flip' | 'truncate' | 'garbage';
  readonly at: number;
  readonly size: number;
}

const damages: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('flip' as const, 'truncate' as const, 'garbage' as const),
  at: fc.nat(4_000),
  size: fc.integer({ min: 1, max: 300 }),
});

async function damage(directory: string, { kind, at, size }: Damage): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.log')).sort();
  const name = names[Math.floor(at / segmentBytes) % Math.max(1, names.length)];
  if (name === undefined) return;
  const path = join(directory, name);
  const bytes = await readFile(path);
  const offset = at % segmentBytes;
  if (kind === 'truncate') return await writeFile(path, bytes.subarray(0, offset));
  if (kind === 'flip') bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (size % 8));
  if (kind === 'garbage') bytes.fill(0xa5, offset, Math.min(offset + size, bytes.length));
  await writeFile(path, bytes);
}

async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'muster-journal-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test('whatever is damaged, the journal shows a beginning of what was written, or says it is corrupt', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 25 }),
      fc.array(damages, { maxLength: 3 }),
      async (count, harm) => {
        await withDirectory(async (directory) => {
          const journal = await openJournal({ ...onDisk, directory, segmentBytes });
          for (let number = 0; number < count; number += 1) await journal.append(record(number));
          await journal.close();
          for (const one of harm) await damage(directory, one);
          const again = await openJournal({ ...onDisk, directory, segmentBytes });
          const seen = again.entries().map((entry) => entry.record);
          if (again.corruption !== null) {
            await expect(again.append(record(99))).rejects.toMatchObject({
              code: 'journal-corrupt',
            });
            return;
          }
          expect(seen).toEqual(Array.from({ length: seen.length }, (_, number) => record(number)));
          // And it goes on, and is whole at the next start.
          await again.append(record(99));
          await again.close();
          const last = await openJournal({ ...onDisk, directory, segmentBytes });
          expect(last.corruption).toBeNull();
          expect(last.entries().map((entry) => entry.record)).toEqual([...seen, record(99)]);
        });
      },
    ),
    { numRuns: 150 },
  );
});

test('a torn last write, at any byte, loses at most that record', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.nat(120), async (count, kept) => {
      await withDirectory(async (directory) => {
        const journal = await openJournal({ ...onDisk, directory });
        for (let number = 0; number < count; number += 1) await journal.append(record(number));
        await journal.close();
        const [name = ''] = (await readdir(directory)).filter((entry) => entry.endsWith('.log'));
        const path = join(directory, name);
        const bytes = await readFile(path);
        const last = bytes.lastIndexOf('MJ01');
        bytes.fill(0, Math.min(last + kept, bytes.length));
        await writeFile(path, bytes);
        const again = await openJournal({ ...onDisk, directory });
        expect(again.corruption).toBeNull();
        expect(again.end).toBeGreaterThanOrEqual(count - 1);
      });
    }),
    { numRuns: 60 },
  );
});
