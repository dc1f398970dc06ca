// The first etcd snapshot, once the masters that can be there are there. Once in the life of a cluster.
import { firstSnapshot } from '../../runbooks/after-install.ts';
import { type Goal, nothing, wants } from '../goal.ts';
import { mastersOf } from '../situation.ts';
import { mastersToCome } from './join.ts';

export const snapshot: Goal = {
  kind: 'snapshot',
  wishes: (situation) => {
    const { cluster } = situation;
    const first = mastersOf(situation)[0];
    if (first === undefined || cluster.reached['first-snapshot'] !== undefined) return nothing;
    if (cluster.change !== null || mastersToCome(situation).length > 0) return nothing;
    return wants({
      kind: 'snapshot',
      subject: first.id,
      by: first,
      goal: 'take the first etcd snapshot',
      inputs: () => 'first',
      stages: () => firstSnapshot(first),
    });
  },
};
