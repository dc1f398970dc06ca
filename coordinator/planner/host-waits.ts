// Whom a decision leaves aside, and why, apart from any goal: hosts without facts, hosts the preflight
// stops, spares, and pools that make no nodes by themselves.
import { admission } from './goals/admission.ts';
import { isNode, type Situation } from './situation.ts';
import type { Member } from './topology.ts';
import type { Wait } from './wait.ts';

export const hostWaits = (situation: Situation): readonly Wait[] => [
  ...lockedIdentities(situation),
  ...withoutFacts(situation),
  ...spares(situation),
  ...situation.topology.workers.flatMap((worker) => ofWorker(situation, worker)),
];

const lockedIdentities = ({ view, now }: Situation): readonly Wait[] =>
  view.nodes.flatMap(({ record: { name, state, lock } }) => {
    if (state !== 'locked') return [];
    const { what = '', addresses = [] } = lock ?? {};
    const reason = { code: 'identity-locked', name, what, addresses } as const;
    return [{ subject: name, reason, sinceMs: lock?.atMs ?? now }];
  });

const withoutFacts = ({ view }: Situation): readonly Wait[] =>
  view.nodes
    .filter(({ record, facts }) => record.state === 'active' && facts === null)
    .map(({ record }) => ({
      subject: record.name,
      reason: { code: 'first-facts' },
      sinceMs: record.joinedMs,
    }));

/** A worker that may not become a node now is named; nobody waits for it. */
function ofWorker(situation: Situation, worker: Member): readonly Wait[] {
  if (isNode(situation, worker)) return [];
  const reason = admission(situation, worker);
  if (reason === null || reason === 'cluster') return [];
  const { joinedMs } = worker.node.record;
  const sinceMs = reason.code === 'left-out' ? (worker.node.factsToldMs ?? joinedMs) : joinedMs;
  return [{ subject: worker.name, reason, sinceMs }];
}

function spares({ cluster, topology }: Situation): readonly Wait[] {
  if (cluster.controlPlane === null) return [];
  const chosen = new Set(cluster.controlPlane);
  return topology.controlPlaneCandidates
    .filter(({ id }) => !chosen.has(id))
    .map(({ name, pool, node }) => ({
      subject: name,
      reason: { code: 'spare', pool: pool.name, size: pool.size ?? 1 },
      sinceMs: node.record.joinedMs,
    }));
}
