// The faults of one seed: which, when, how long. All of them are over when the storm is.
import type { Fleet } from '../fleet.ts';
import { aimedFaults } from './aimed-faults.ts';
import type { Fault } from './fault.ts';
import { networkFaults } from './network-faults.ts';
import { processFaults } from './process-faults.ts';

export const allFaults: readonly Fault[] = [...networkFaults, ...processFaults, ...aimedFaults];

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
  const kinds = Array.from({ length: 1 + chance.below(4) }, () => chance.pick(allFaults));
  const count = 1 + chance.below(10);
  const ends = new Set<() => void>();
  for (let number = 0; number < count; number += 1) {
    const fault = chance.pick(kinds);
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
  }
  scheduler.schedule(untilMs, null, () => {
    for (const end of [...ends]) end();
    world.tell({ kind: 'story', what: 'the storm is over' });
  });
  return { untilMs, names };
}
