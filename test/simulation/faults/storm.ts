// The faults of one seed: which, when, how long. All of them are over when the storm is.
import type { Chance } from '../core/chance.ts';
import type { Fleet } from '../fleet.ts';
import { aimedFaults } from './aimed-faults.ts';
import { coordinatorFaults } from './coordinator-faults.ts';
import type { Fault } from './fault.ts';
import { networkFaults } from './network-faults.ts';
import { processFaults } from './process-faults.ts';

const usualFaults: readonly Fault[] = [...networkFaults, ...processFaults, ...aimedFaults];
export const allFaults: readonly Fault[] = [...usualFaults, ...coordinatorFaults];

/** Of the seeds that have some of the coordinator's too. */
const shareOfCoordinator = 0.3;

export interface Storm {
  readonly untilMs: number;
  readonly names: readonly string[];
}

export function brew(fleet: Fleet): Storm {
  const { world } = fleet;
  const { scheduler } = world;
  const chance = world.chance.of('faults');
  const untilMs = chance.between(40_000, 150_000);
  const names: string[] = [];
  // A seed has a few kinds, so that some meet often, and some of the seeds are rough.
  const kinds = Array.from({ length: 1 + chance.below(4) }, () => chance.pick(usualFaults));
  const count = 1 + chance.below(10);
  const ends = new Set<() => void>();
  const plan = (fault: Fault, chance: Chance): void => {
    const atMs = chance.between(8_500, untilMs);
    scheduler.schedule(atMs, null, () => {
      world.tell({ kind: 'fault', what: `${fault.name} begins` });
      names.push(fault.name);
      const mend = fault.begin(fleet, chance);
      const end = (): void => {
        if (!ends.delete(end)) return;
        world.tell({ kind: 'fault', what: `${fault.name} ends` });
        mend();
      };
      ends.add(end);
      scheduler.schedule(chance.between(...fault.lastsMs), null, end);
    });
  };
  for (let number = 0; number < count; number += 1) plan(chance.pick(kinds), chance);
  // With a chance of their own: the other seeds are what they were without these.
  const own = world.chance.of('faults of the coordinator');
  if (own.happens(shareOfCoordinator)) {
    const times = 1 + own.below(3);
    for (let number = 0; number < times; number += 1) plan(own.pick(coordinatorFaults), own);
  }
  scheduler.schedule(untilMs, null, () => {
    for (const end of [...ends]) end();
    world.tell({ kind: 'story', what: 'the storm is over' });
  });
  return { untilMs, names };
}
