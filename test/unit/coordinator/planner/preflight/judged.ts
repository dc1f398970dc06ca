// What preflight says of a fleet on paper, as sentences: every word of a finding counts, because
// operators act on it.
import { preflight } from '../../../../../coordinator/planner/preflight/preflight.ts';
import { topologyOf } from '../../../../../coordinator/planner/topology.ts';
import type { NodeView } from '../../../../../coordinator/planner/view.ts';
import type { ClusterRecord } from '../../../../../coordinator/store/records.ts';
import type { NodeFacts } from '../../../../../shared/model/facts.ts';
import { aCluster, aNode, aView } from '../../../../support/cluster-builders.ts';

export interface Judged {
  readonly cluster?: ClusterRecord;
  /** Names of hosts whose preparation has begun. */
  readonly begun?: readonly string[];
  /** Names of artifacts that the coordinator does not have. */
  readonly lacking?: readonly string[];
  /** It is fetching them. */
  readonly pulling?: boolean;
}

/** One sentence per fault, in the order they are shown: "m1 error [check] found …, needed …; …". */
export function judged(nodes: readonly NodeView[], options: Judged = {}): readonly string[] {
  const { cluster = aCluster(), begun = [], lacking = [], pulling = false } = options;
  const stored = cluster.lock.artifacts.filter(({ name }) => !lacking.includes(name));
  const view = {
    ...aView(nodes, cluster),
    artifacts: { stored: new Set(stored.map(({ sha256 }) => sha256)), pulling },
  };
  const faults = preflight({
    view,
    topology: topologyOf(view),
    hasBegun: (member) => begun.includes(member.name),
  });
  return faults.map(
    ({ node, severity, check, found, needed, mend }) =>
      `${node} ${severity} [${check}] found ${found}, needed ${needed}; ${mend}`,
  );
}

/** Of a master alone, m1, at 192.168.7.11. */
export const judgedMaster = (
  facts: Partial<NodeFacts>,
  cluster: ClusterRecord = aCluster(),
): readonly string[] => judged([aNode('m1', 11, { facts })], { cluster });

/** Of a worker alone, w1, at 192.168.7.21. */
export const judgedWorker = (
  facts: Partial<NodeFacts>,
  cluster: ClusterRecord = aCluster(),
): readonly string[] => judged([aNode('w1', 21, { pool: 'workers', facts })], { cluster });

/** What is said when the agent could not find out. */
export const unreadable = (check: string, what: string): string =>
  `m1 warning [${check}] found the agent could not read ${what}, needed ${what} known; run \`muster-agent facts\` on the host to see why, or ignore the check`;
