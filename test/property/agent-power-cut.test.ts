// The agent's state on a disk that loses its power at any moment: what a call came back for is there
// afterwards, nothing else is made up, and the journal goes on.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openAccepted } from '../../agent/plan/accepted.ts';
import { openJournal } from '../../agent/plan/journal.ts';
import { asPlanId } from '../../shared/model/ids.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';
import { systemRandom } from '../../shared/random.ts';
import { FakeDisk } from '../fakes/state-disk.ts';

const record = (number: number): JournalRecord => ({
  event: 'plan-stop-received',
  atMs: number,
  planId: asPlanId(`p${number}`),
});

/** Small: a segment is full after a few records, so that its making is cut off too. */
const segmentBytes = 400;
const directory = '/state/journal';

/** A disk whose power goes at the `calls`-th call. */
function failingDisk(left: FakeDisk, calls: number): { disk: FakeDisk; gone: Promise<void> } {
  const gone = Promise.withResolvers<void>();
  let count = 0;
  const delay = async (): Promise<void> => {
    count += 1;
    if (count < calls) return;
    gone.resolve();
    await new Promise<never>(() => undefined);
  };
  return { disk: new FakeDisk({ delay }, left), gone: gone.promise };
}

const cuts = fc.record({
  calls: fc.integer({ min: 1, max: 60 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});

test('a journal whose machine loses its power again and again keeps what it took', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(cuts, { minLength: 1, maxLength: 6 }), async (lives) => {
      let left = new FakeDisk();
      let number = 0;
      const taken: number[] = [];
      for (const { calls, share } of lives) {
        const { disk, gone } = failingDisk(left, calls);
        let tried: number | null = null;
        const living = (async (): Promise<void> => {
          const journal = await openJournal({
            disk,
            directory,
            random: systemRandom,
            segmentBytes,
          });
          for (;;) {
            tried = number;
            number += 1;
            await journal.append(record(tried));
            taken.push(tried);
            tried = null;
          }
        })();
        await Promise.race([living, gone]);
        left = disk.cutPower(() => share);
        const looking = await openJournal({
          disk: left,
          directory,
          random: systemRandom,
          segmentBytes,
        });
        expect(looking.corruption).toBeNull();
        const seen = looking.entries().map((entry) => entry.record.atMs);
        const isLastThere = tried !== null && seen.at(-1) === tried;
        if (isLastThere && tried !== null) taken.push(tried);
        expect(seen).toEqual(taken);
        await looking.close();
      }
    }),
    { numRuns: 150 },
  );
});

test('the accepted pairs never go back, whenever the power goes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(cuts, { minLength: 1, maxLength: 6 }), async (lives) => {
      let left = new FakeDisk();
      await left.makeDirectory('/state');
      let raised = 0;
      let next = 1;
      for (const { calls, share } of lives) {
        const { disk, gone } = failingDisk(left, calls);
        const living = (async (): Promise<void> => {
          const accepted = await openAccepted(disk, '/state/accepted');
          for (;;) {
            const sequence = next;
            next += 1;
            await accepted.raise('host', { epoch: 1, sequence, digest: `d${sequence}` });
            raised = sequence;
          }
        })();
        await Promise.race([living, gone]);
        left = disk.cutPower(() => share);
        const { host } = (await openAccepted(left, '/state/accepted')).pairs();
        expect(host?.sequence ?? 0).toBeGreaterThanOrEqual(raised);
        expect(host?.sequence ?? 0).toBeLessThan(next);
        raised = host?.sequence ?? 0;
      }
    }),
    { numRuns: 150 },
  );
});
