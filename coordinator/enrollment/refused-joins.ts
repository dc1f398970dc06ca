// Hosts that hold a good token and were turned away all the same, because they look like another
// node. In memory: a host that is still there asks again. `explain` shows them.
import type { Clock } from '../../shared/clock.ts';
import type { Wait } from '../planner/wait.ts';

export interface RefusedJoin {
  readonly cluster: string;
  readonly nodeId: string;
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
}

const capacity = 100;
/** A host that stopped asking is not waiting any more. */
const forgottenAfterMs = 15 * 60 * 1000;

export function createRefusedJoins(clock: Clock): RefusedJoins {
  const entries = new Map<string, RefusedJoin & { readonly sinceMs: number; seenMs: number }>();
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
    waits(cluster) {
      return [...entries.values()]
        .filter((entry) => entry.cluster === cluster)
        .filter((entry) => entry.seenMs > clock.now() - forgottenAfterMs)
        .map((entry) => ({
          subject: entry.name,
          reason: {
            code: 'join-refused',
            source: entry.source,
            why: entry.reason,
            mend: entry.mend,
          },
          sinceMs: entry.sinceMs,
        }));
    },
  };
}
