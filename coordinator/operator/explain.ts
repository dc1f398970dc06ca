// Explain: why anything waits, in sentences: what the planner says, and faults of the preflight that
// hold something and that no wait has named.
import { isBlocking, sentence } from '../planner/preflight/check.ts';
import type { Wait } from '../planner/wait.ts';
import { clustersOf } from './clusters.ts';
import type { OperatorDependencies } from './dependencies.ts';
import { type ShownWait, showWait } from './wait-sentences.ts';

type Dependencies = Pick<OperatorDependencies, 'store' | 'clusters' | 'clock'>;

/** @param node a name; empty for everything. @throws AppError not-found */
export async function explain(deps: Dependencies, node: string): Promise<readonly ShownWait[]> {
  const clusters = await clustersOf(deps.store, node);
  const all = clusters.flatMap(({ name, createdMs }) => ofCluster(deps, name, createdMs));
  if (node === '') return all;
  const names = new Set(clusters.map(({ name }) => name));
  return all.filter(({ subject }) => subject === node || names.has(subject));
}

function ofCluster(deps: Dependencies, cluster: string, createdMs: number): readonly ShownWait[] {
  const decision = deps.clusters.latestDecision(cluster);
  if (decision === null) {
    return [
      {
        code: 'not-decided',
        subject: cluster,
        for: 'has not been looked at yet',
        sinceMs: createdMs,
        endsWhen: 'the coordinator has started',
        kind: 'waiting',
      },
    ];
  }
  const named = new Set(decision.waits.flatMap(faultsIn));
  const faults = decision.faults
    .filter((fault) => isBlocking(fault) && !named.has(fault))
    .map(
      (fault): ShownWait => ({
        code: 'preflight',
        subject: fault.node,
        for: `fails the preflight: ${sentence(fault)}`,
        sinceMs: createdMs,
        endsWhen: `it is mended, or \`coordinator apply --ignore ${fault.check}\` takes the blame`,
        kind: 'held',
      }),
    );
  const now = deps.clock.now();
  return [...decision.waits.map((wait) => showWait(wait, now)), ...faults];
}

const faultsIn = ({ reason }: Wait) => ('faults' in reason ? reason.faults : []);
