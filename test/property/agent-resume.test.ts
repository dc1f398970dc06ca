// Plans of any shape, killed anywhere and as often as one likes: every step is applied once, stages
// keep their order, and the journal tells one end.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asPlanId } from '../../shared/model/ids.ts';
import { settle } from '../fakes/clock.ts';
import { type Kill, PlanWorld } from '../support/plan-world.ts';
import { aPlan, aStep } from '../support/signed-plans.ts';

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });
const kills: fc.Arbitrary<readonly (Kill & { readonly after: number })[]> = fc.array(
  fc.record({
    record: fc.constant(0),
    after: fc.integer({ min: 0, max: 6 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  }),
  { maxLength: 8 },
);

function worldOf(shape: readonly number[]): PlanWorld {
  const stages = shape.map((width, stage) => ({
    title: `stage ${stage}`,
    steps: Array.from({ length: width }, (_, step) => aStep(`s${stage}-${step}`)),
  }));
  return new PlanWorld(aPlan({ stages }));
}

/** Lives and deaths, then one life to the end. */
async function liveThrough(
  world: PlanWorld,
  deaths: readonly (Kill & { readonly after: number })[],
): Promise<void> {
  let isOwn = true;
  for (const { after, when } of deaths) {
    if (world.history().finished !== null) return;
    await world.live({ isOwn, kill: { record: world.records.length + after, when } });
    await settle(3);
    isOwn = false;
  }
  await world.live({ isOwn });
}

test('however often it is killed, every step is applied exactly once and the plan ends done', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, kills, async (shape, deaths) => {
      const world = worldOf(shape);
      await liveThrough(world, deaths);
      const count = shape.reduce((sum, width) => sum + width, 0);
      expect(world.history().finished).toBe('done');
      expect([...world.applied.values()]).toEqual(Array.from({ length: count }, () => 1));
      expect(world.records.filter(({ event }) => event === 'plan-finished')).toHaveLength(1);
    }),
    { numRuns: 150 },
  );
});

test('a stage begins only when every step before it has its outcome', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, kills, async (shape, deaths) => {
      const world = worldOf(shape);
      await liveThrough(world, deaths);
      const stageOf = (stepId: string): number => Number(/^s(\d+)/.exec(stepId)?.[1]);
      let begun = 0;
      const ended = new Set<string>();
      for (const record of world.records) {
        if (record.event === 'step-outcome') ended.add(record.stepId);
        if (record.event !== 'step-intent') continue;
        begun = Math.max(begun, stageOf(record.stepId));
        for (const [stage, width] of shape.slice(0, stageOf(record.stepId)).entries()) {
          for (let step = 0; step < width; step += 1)
            expect(ended.has(`s${stage}-${step}`)).toBe(true);
        }
        expect(stageOf(record.stepId)).toBe(begun);
      }
    }),
    { numRuns: 100 },
  );
});

test('after a stop nothing new is applied, whatever was going on', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, kills, async (shape, deaths) => {
      const world = worldOf(shape);
      for (const { after, when } of deaths.slice(0, 2)) {
        if (world.history().finished !== null) return;
        await world.live({ isOwn: false, kill: { record: world.records.length + after, when } });
        await settle(3);
      }
      if (world.history().finished !== null) return;
      world.records.push({ event: 'plan-stop-received', atMs: 0, planId: asPlanId('p1') });
      const before = [...world.applied.values()].reduce((sum, count) => sum + count, 0);
      const stop = new AbortController();
      stop.abort();
      await world.live({ isOwn: false, stop: stop.signal });
      expect([...world.applied.values()].reduce((sum, count) => sum + count, 0)).toBe(before);
      expect(['stopped', 'done']).toContain(world.history().finished);
    }),
    { numRuns: 100 },
  );
});
