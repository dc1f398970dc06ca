// A kind of fault: begins somewhere, and gives back what ends it. Its end mends what it broke, and is
// always called: a seed's faults are over before it has to converge.
import type { Chance } from '../core/chance.ts';
import type { Fleet } from '../fleet.ts';

export interface Fault {
  readonly name: string;
  readonly lastsMs: readonly [number, number];
  /** @returns what ends it */
  readonly begin: (fleet: Fleet, chance: Chance) => () => void;
}

export const nothingToEnd = (): void => undefined;
