// What is in the cluster itself, once every API server is as the spec says: kubeadm's own settings, the
// add-ons, the pod network. One master does it.
import { changeClusterServices } from '../../runbooks/cluster-services.ts';
import { type Goal, nothing, waits, wants } from '../goal.ts';
import { stageOf } from '../rollout/rollout-stage.ts';
import { servicesInputs } from '../rollout/rollouts.ts';
import { openRollout } from '../rollout/standings.ts';
import { delegateOf, recordedCa } from '../situation.ts';
import { initInputs } from './init.ts';

export const services: Goal = {
  kind: 'services',
  wishes: (situation) => {
    const rollout = openRollout(situation);
    if (rollout?.state !== 'running') return nothing;
    const stage = stageOf(situation, rollout);
    if (stage.kind !== 'services') return nothing;
    const delegate = delegateOf(situation);
    if (delegate === null) {
      const reason = {
        code: 'no-delegate',
        what: 'the services of the cluster to be changed',
      } as const;
      return waits({ subject: situation.cluster.name, reason, sinceMs: rollout.stateSinceMs });
    }
    return wants({
      kind: 'services',
      subject: rollout.id,
      by: delegate,
      goal: 'change the services of the cluster',
      inputs: () => servicesInputs(rollout, stage.digest),
      stages: () =>
        changeClusterServices({
          ...initInputs(situation, delegate),
          caDigest: recordedCa(situation),
        }),
    });
  },
};
