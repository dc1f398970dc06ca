// What was decided last about plans that may go on, and since when it is so. Memory only: after a start
// of the coordinator nothing goes on before it has been decided anew.
import type { GoOn, GoOnVerdict } from '../planner/go-on.ts';

export interface Decided {
  readonly goOn: GoOn;
  /** Of the first decision that said so without another in between. */
  readonly sinceMs: number;
}

export interface GoOnBook {
  /** Null: not decided since this process began. */
  of(planId: string): Decided | null;
  /** All of a cluster's; answers the plans of which it is another than before. */
  take(cluster: string, verdicts: readonly GoOnVerdict[], now: number): readonly string[];
}

export function createGoOnBook(): GoOnBook {
  const clusters = new Map<string, ReadonlyMap<string, Decided>>();
  const of = (planId: string): Decided | null => {
    for (const plans of clusters.values()) {
      const found = plans.get(planId);
      if (found !== undefined) return found;
    }
    return null;
  };
  return {
    of,
    take: (cluster, verdicts, now) => {
      const before = clusters.get(cluster);
      const news: string[] = [];
      const next = verdicts.map(({ planId, goOn }) => {
        const known = before?.get(planId);
        if (known?.goOn === goOn) return [planId, known] as const;
        news.push(planId);
        return [planId, { goOn, sinceMs: now }] as const;
      });
      clusters.set(cluster, new Map(next));
      return news;
    },
  };
}
