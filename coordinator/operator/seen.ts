// A cluster as operators are shown it: the view, the latest decision and what is judged of its health,
// all of the same moment.
import { judgeHealth } from '../presence/judge-health.ts';
import { seeCluster } from '../presence/see-cluster.ts';
import type { OperatorDependencies } from './dependencies.ts';
import type { Seen } from './node-documents.ts';
import { showWait } from './wait-sentences.ts';

type Dependencies = Pick<OperatorDependencies, 'clusters' | 'health' | 'clock'>;

/** Null when there is no such cluster. */
export async function seenCluster(deps: Dependencies, name: string): Promise<Seen | null> {
  const view = await deps.clusters.view(name);
  if (view === null) return null;
  const now = deps.clock.now();
  const certificatesNow = deps.health.certificateClock.now();
  const decision = deps.clusters.latestDecision(name);
  const shown = (decision?.waits ?? []).map((wait) => showWait(wait, now));
  return {
    view,
    decision,
    waits: Map.groupBy(shown, ({ subject }) => subject),
    health: judgeHealth(seeCluster(view, { ...deps.health, renewals: decision?.renewals ?? {} }), {
      now,
      certificatesNow,
    }),
  };
}
