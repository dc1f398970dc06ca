// The static pods of a master, changed by the change that the cluster's record names: to another
// version, other flags, other names of its certificate. And a member of etcd, in the same way.
import { changeHost } from '../../runbooks/change-host.ts';
import { changeControlPlane } from '../../runbooks/upgrade-control-plane.ts';
import type { ChangeKind } from '../../store/records.ts';
import { changes } from '../changes.ts';
import { desiredOf } from '../desired.ts';
import { type Goal, nothing, type Want, type Wishes, wants } from '../goal.ts';
import { hostOf } from '../rollout/changing.ts';
import { controlPlaneDigest } from '../rollout/difference.ts';
import { openRollout } from '../rollout/standings.ts';
import { mastersOf, recordedCa, type Situation } from '../situation.ts';
import type { Member } from '../topology.ts';
import { initInputs } from './init.ts';

const ofChange = (
  situation: Situation,
  kind: ChangeKind,
  wantOf: (member: Member, rolloutId: string) => Want,
): Wishes => {
  const { cluster, topology } = situation;
  const rollout = openRollout(situation);
  if (cluster.change?.kind !== kind || rollout === null) return nothing;
  const subject = topology.byId.get(cluster.change.delegate);
  return subject === undefined ? nothing : wants(wantOf(subject, rollout.id));
};

export const upgrade: Goal = {
  kind: 'upgrade',
  wishes: (situation) =>
    ofChange(situation, 'upgrade', (member, rolloutId) => {
      const digest = controlPlaneDigest(situation, member);
      const { gateBefore, gateAfter } = changes.upgrade;
      return {
        kind: 'upgrade',
        subject: member.id,
        by: member,
        goal: 'change control plane',
        inputs: () => [rolloutId, digest],
        brings: () => ({ 'control-plane': digest }),
        stages: () =>
          changeControlPlane(
            {
              ...initInputs(situation, member),
              caDigest: recordedCa(situation),
              masterHosts: mastersOf(situation),
            },
            { before: gateBefore, after: gateAfter },
          ),
      };
    }),
};

export const updateEtcd: Goal = {
  kind: 'update-etcd',
  wishes: (situation) =>
    ofChange(situation, 'update-etcd', (member, rolloutId) => {
      const desired = desiredOf(situation, member);
      const digest = desired.digests().etcd ?? null;
      return {
        kind: 'update-etcd',
        subject: member.id,
        by: member,
        goal: 'change etcd member',
        inputs: () => [rolloutId, digest],
        brings: () => ({ etcd: digest }),
        stages: () =>
          changeHost({
            desired: desired.host(),
            components: ['etcd'],
            kubelet: situation.cluster.spec.kubernetes.version,
            ...hostOf(situation, member),
          }),
      };
    }),
};
