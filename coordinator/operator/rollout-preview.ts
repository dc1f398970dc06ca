// The words of what `apply` would bring to hosts.
import { type HostPreview, type Preview, previewOf } from '../planner/rollout/preview.ts';
import type { ClusterView } from '../planner/view.ts';
import type { ClusterRecord } from '../store/records.ts';

/** @param wanted the cluster's record as apply would leave it */
export function previewLines(view: ClusterView, wanted: ClusterRecord, now: number): string[] {
  const { spec, lock } = view.cluster;
  const from = wanted.wanted?.from ?? { spec, lock };
  const preview = previewOf({ ...view, cluster: wanted }, from, now);
  if (preview.hosts.length === 0 && !preview.services) return [];
  return [...order(preview), ...preview.hosts.map(hostLine)];
}

function order({ hosts, services, snapshot }: Preview): string[] {
  const masters = hosts.filter(({ controlPlane }) => controlPlane);
  const etcd = hosts.filter((host) => host.etcd);
  const labelled = hosts.filter(({ labels }) => labels);
  const changed = hosts.filter(
    ({ components, controlPlane }) => components.length > 0 || controlPlane,
  );
  const steps = [
    ...(changed.length > 0 || services ? ['artifacts are fetched to every host'] : []),
    ...(snapshot ? ['an etcd snapshot is taken'] : []),
    ...(labelled.length > 0
      ? [`labels and taints, of all at once, nothing is restarted (${names(labelled)})`]
      : []),
    ...(etcd.length > 0 ? [`etcd members one at a time (${names(etcd)})`] : []),
    ...(masters.length > 0 ? [`control plane, one master at a time (${names(masters)})`] : []),
    ...(services ? ['the services of the cluster (kubeadm’s settings, add-ons, pod network)'] : []),
    ...(changed.length > 0 ? [`hosts: ${names(changed)}`] : []),
  ];
  return [`the rollout: ${steps.join('; ')}`];
}

const names = (hosts: readonly HostPreview[]): string => hosts.map(({ name }) => name).join(', ');

function hostLine(host: HostPreview): string {
  const { name, components, controlPlane, labels, drains, online } = host;
  const own = [...components, ...(controlPlane ? ['control plane'] : [])];
  const parts = [...own, ...(labels ? ['labels and taints'] : [])].join(', ');
  // A master gives a Node its labels.
  const away =
    online || own.length === 0 ? '' : '; its agent does not call: it would be left for later';
  return `${name}: ${parts}${drains ? '; drained first' : ''}${away}`;
}
