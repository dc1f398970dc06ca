// Snapshots of etcd: the first one, once the masters that can be there are there; and one before a
// rollout touches the control plane.
import { etcdSnapshot } from '../../runbooks/after-install.ts';
import { type Goal, nothing, together, type Wishes, waits, wants } from '../goal.ts';
import { stageOf } from '../rollout/rollout-stage.ts';
import { openRollout } from '../rollout/standings.ts';
import { delegateOf, mastersOf, type Situation } from '../situation.ts';
import { mastersToCome } from './join.ts';

export const snapshot: Goal = {
  kind: 'snapshot',
  wishes: (situation) => together([first(situation), beforeRollout(situation)]),
};

function first(situation: Situation): Wishes {
  const { cluster } = situation;
  const master = mastersOf(situation)[0];
  if (master === undefined || cluster.reached['first-snapshot'] !== undefined) return nothing;
  if (cluster.change !== null || mastersToCome(situation).length > 0) return nothing;
  return wants({
    kind: 'snapshot',
    subject: master.id,
    by: master,
    goal: 'take the first etcd snapshot',
    inputs: () => 'first',
    stages: () => etcdSnapshot(master, 'first'),
  });
}

function beforeRollout(situation: Situation): Wishes {
  const rollout = openRollout(situation);
  if (rollout?.state !== 'running' || stageOf(situation, rollout).kind !== 'snapshot')
    return nothing;
  const master = delegateOf(situation);
  if (master === null) {
    const reason = { code: 'no-delegate', what: 'an etcd snapshot before the rollout' } as const;
    return waits({ subject: situation.cluster.name, reason, sinceMs: rollout.stateSinceMs });
  }
  return wants({
    kind: 'snapshot',
    subject: rollout.id,
    by: master,
    goal: 'take an etcd snapshot before the rollout',
    inputs: () => rollout.id,
    stages: () => etcdSnapshot(master, `before-${rollout.id}`),
  });
}
