// Hosts that hold a good token and were turned away all the same, because they look like another
// node. In memory: a host that is still there asks again. `explain` shows them.
import type { Clock } from '../../shared/clock.ts';
import type { Wait } from '../planner/wait.ts';

export interface RefusedJoin {
  readonly cluster: string;
  readonly nodeId: string;
  /** return: it was a member, and was away for too long. @default join */
  readonly wish?: 'join' | 'return';
  readonly name: string;
  readonly source: string;
  readonly reason: string;
  readonly mend: string;
}

export interface RefusedJoins {
  /** True when this is news: the first time, or for another reason than before. */
  add(refused: RefusedJoin): boolean;
  forget(nodeId: string): void;
  waits(cluster: string): readonly Wait[];
  /** Hosts that asked lately. @param name the name that they asked for, or their id */
  find(name: string): readonly RefusedJoin[];
}

const capacity = 100;
/** A host that stopped asking is not waiting any more. */
const forgottenAfterMs = 15 * 60 * 1000;

export function createRefusedJoins(clock: Clock): RefusedJoins {
  const entries = new Map<string, RefusedJoin & { readonly sinceMs: number; seenMs: number }>();
  const asking = () =>
    [...entries.values()].filter(({ seenMs }) => seenMs > clock.now() - forgottenAfterMs);
  return {
    add(refused) {
      const known = entries.get(refused.nodeId);
      const isNews = known === undefined || known.reason !== refused.reason;
      const sinceMs = isNews ? clock.now() : known.sinceMs;
      entries.delete(refused.nodeId);
      entries.set(refused.nodeId, { ...refused, sinceMs, seenMs: clock.now() });
      for (const oldest of entries.keys()) {
        if (entries.size <= capacity) break;
        entries.delete(oldest);
      }
      return isNews;
    },
    forget(nodeId) {
      entries.delete(nodeId);
    },
    find: (name) => asking().filter((entry) => entry.name === name || entry.nodeId === name),
    waits(cluster) {
      return asking()
        .filter((entry) => entry.cluster === cluster)
        .map((entry) => ({
          subject: entry.name,
          reason: {
            code: 'join-refused',
            wish: entry.wish ?? 'join',
            source: entry.source,
            why: entry.reason,
            mend: `${entry.mend} (its id is ${entry.nodeId})`,
          },
          sinceMs: entry.sinceMs,
        }));
    },
  };
}
