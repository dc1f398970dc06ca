// The change `init`: the first master.

import type { Stage } from '../../../shared/model/plan.ts';
import { type InitInputs, startControlPlane } from '../../runbooks/init-control-plane.ts';
import { changes } from '../changes.ts';
import { type Goal, nothing, waits, wants } from '../goal.ts';
import { giftsText } from '../node-gifts.ts';
import { remembered } from '../remembered.ts';
import { controlPlaneDigest } from '../rollout/difference.ts';
import { controlPlaneOf, etcdOf, materialsOf, recordedCa, type Situation } from '../situation.ts';
import type { Member } from '../topology.ts';

export const init: Goal = {
  kind: 'init',
  wishes: (situation) => {
    const { cluster, topology } = situation;
    const first = controlPlaneOf(situation)[0];
    if (cluster.masters.length > 0 || cluster.caDigest === null || first === undefined)
      return nothing;
    if (cluster.etcd === null) {
      return waits({
        subject: first.name,
        reason: { code: 'etcd-incomplete' },
        sinceMs: first.node.record.applied.kubernetes?.atMs ?? cluster.createdMs,
      });
    }
    const subject = topology.byId.get(cluster.change?.delegate ?? first.id);
    if (cluster.change?.kind !== 'init' || subject === undefined) return nothing;
    const { gateBefore, gateAfter } = changes.init;
    const inputs = initInputs(situation, subject);
    const { masters, etcd } = inputs;
    const { name, address, arch, labels, pool } = subject;
    const caDigest = recordedCa(situation);
    const from = { host: { name, address, arch, labels, pool }, masters, etcd, caDigest };
    const stages = () =>
      controlPlanes.of(cluster, from, () =>
        startControlPlane({ ...inputs, caDigest }, { before: gateBefore, after: gateAfter }),
      );
    return wants({
      kind: 'init',
      subject: subject.id,
      by: subject,
      goal: 'start control plane',
      inputs: stages,
      brings: () => ({
        'control-plane': controlPlaneDigest(situation, subject),
        labels: giftsText(subject),
      }),
      stages,
    });
  },
};

/** Wanted until it runs, and more than a screen of manifests. */
const controlPlanes = remembered<readonly Stage[]>();

export const initInputs = (situation: Situation, member: Member): InitInputs => ({
  member,
  spec: situation.cluster.spec,
  cluster: situation.cluster.name,
  materials: materialsOf(situation, member),
  masters: controlPlaneOf(situation).map(({ address }) => address),
  etcd: etcdOf(situation),
});
