// The plan of the change that defragments one etcd member; which member, and when, is decided with the
// state of the cluster (defragmentation.ts).
import { defragmentMember } from '../../runbooks/etcd-care.ts';
import { changeUnderWay } from '../change-under-way.ts';
import { changes } from '../changes.ts';
import { asksFor, isAskOpen, rolloutFirst } from '../defragmentation.ts';
import { type Goal, nothing, type Wishes, waits, wants } from '../goal.ts';
import { etcdOf, type Situation } from '../situation.ts';

export const defragment: Goal = {
  kind: 'defragment',
  wishes: (situation) => {
    const { change } = situation.cluster;
    const by = change === null ? undefined : situation.topology.byId.get(change.delegate);
    if (change?.kind !== 'defragment') return requestsWait(situation);
    if (by === undefined) return nothing;
    const { gateBefore: before, gateAfter: after } = changes.defragment;
    return wants({
      kind: 'defragment',
      subject: by.id,
      by,
      goal: 'defragment the etcd database',
      // It may happen again to the same host.
      inputs: () => change.beganMs,
      stages: () => defragmentMember({ member: by, etcd: etcdOf(situation) }, { before, after }),
    });
  },
};

/** Another change comes first, or a rollout. */
function requestsWait(situation: Situation): Wishes {
  const { cluster, view } = situation;
  const { change } = cluster;
  const rollout = rolloutFirst(situation);
  if (change === null && rollout === null) return nothing;
  const reason =
    change === null
      ? ({ code: 'rollout-first', rollout: rollout?.id ?? '' } as const)
      : changeUnderWay(situation, change, 'defragment');
  const sinceMs = change?.beganMs ?? rollout?.stateSinceMs ?? situation.now;
  return waits(
    ...asksFor(view.requests)
      .filter((request) => isAskOpen(situation, request))
      .map(({ id }) => ({ subject: cluster.name, reason, sinceMs, request: id })),
  );
}
