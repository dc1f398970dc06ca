// What a spec would bring to hosts, before anybody decides on it: `apply --dry-run` and `diff`. The same
// comparison that a rollout begins with. Pure.
import type { HostComponentName } from '../../components/component.ts';
import type { RolloutSource } from '../../store/rollout-record.ts';
import { situationOf } from '../situation.ts';
import { topologyOf } from '../topology.ts';
import type { ClusterView } from '../view.ts';
import { differenceOf, isDifferent, needsDrain, ofEtcd, servicesDiffer } from './difference.ts';
import { begunRollout, changeable, groupsOf } from './standings.ts';

export interface HostPreview {
  readonly name: string;
  readonly pool: string;
  readonly isMaster: boolean;
  readonly components: readonly HostComponentName[];
  /** Its static pods are another. */
  readonly controlPlane: boolean;
  readonly etcd: boolean;
  /** Labels and taints of its Node. */
  readonly labels: boolean;
  readonly drains: boolean;
  readonly online: boolean;
}

export interface Preview {
  /** In the order in which they would be changed. */
  readonly hosts: readonly HostPreview[];
  /** kubeadm's settings, the add-ons, the pod network. */
  readonly services: boolean;
  readonly snapshot: boolean;
}

/** @param view with the cluster's record as it would be. @param from what hosts have */
export function previewOf(view: ClusterView, from: RolloutSource, now: number): Preview {
  const situation = situationOf({ view, topology: topologyOf(view), faults: [], now });
  const members = changeable(situation).filter((member) =>
    isDifferent(differenceOf(situation, member)),
  );
  const rollout = begunRollout({ id: '', generation: 0, from, members }, now);
  const hosts = groupsOf(situation, rollout).flatMap(({ standings, isMasters }) =>
    standings.map(({ member }): HostPreview => {
      const difference = differenceOf(situation, member);
      return {
        name: member.name,
        pool: member.pool.name,
        isMaster: isMasters,
        components: difference.components,
        controlPlane: difference.controlPlane,
        etcd: ofEtcd(difference),
        labels: difference.labels,
        drains: needsDrain(situation, difference, from),
        online: member.node.online,
      };
    }),
  );
  return {
    hosts,
    services: servicesDiffer(situation),
    snapshot: hosts.some(({ controlPlane, etcd }) => controlPlane || etcd),
  };
}
