// What must hold whatever fails: looked at with every event, and at the end of a seed. Each counts the
// situations in which it could have been broken, so that a batch shows that there were any.
import type { Fleet } from '../fleet.ts';
import type { WorldEvent } from '../world/events.ts';

export interface Reporter {
  /** The situation was there. */
  seen(what?: string): void;
  broken(why: string): void;
}

export interface Invariant {
  /** A sentence: what never happens, or always does. */
  readonly name: string;
  readonly watch: (fleet: Fleet, report: Reporter) => (event: WorldEvent) => void;
}

export interface Broken {
  readonly invariant: string;
  readonly why: string;
  readonly atMs: number;
}

export interface Watch {
  readonly broken: readonly Broken[];
  /** By the name of the invariant, and of what was seen. */
  readonly counts: ReadonlyMap<string, number>;
}

export function watchAll(fleet: Fleet, invariants: readonly Invariant[]): Watch {
  const broken: Broken[] = [];
  const counts = new Map<string, number>();
  for (const { name, watch } of invariants) {
    counts.set(name, 0);
    const reporter: Reporter = {
      seen: (what) => {
        const key = what === undefined ? name : `${name}: ${what}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      },
      broken: (why) => {
        const atMs = fleet.world.scheduler.nowMs;
        broken.push({ invariant: name, why, atMs });
        fleet.world.trace.push(`${(atMs / 1000).toFixed(3).padStart(9)}  BROKEN ${name}: ${why}`);
      },
    };
    fleet.world.watchers.push(watch(fleet, reporter));
  }
  return { broken, counts };
}
