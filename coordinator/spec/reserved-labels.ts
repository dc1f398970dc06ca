// Labels and taints that a spec cannot give to nodes: those that Kubernetes refuses from a kubelet, which
// registers its node with them, and those that somebody else keeps. Pure.
import type { ClusterSpec, PoolSpec } from './cluster-spec.ts';
import type { Complaint, SpecPath } from './spec-faults.ts';

export function labelComplaints(spec: ClusterSpec): Complaint[] {
  const pools = spec.pools.flatMap((pool, index) => [
    ...ofLabels(pool.labels, ['pools', index, 'labels']),
    ...ofTaints(pool.taints, ['pools', index, 'taints']),
  ]);
  const hosts = Object.entries(spec.hosts).flatMap(([name, host]) =>
    ofLabels(host.labels, ['hosts', name, 'labels']),
  );
  return [...pools, ...hosts];
}

function ofLabels(labels: PoolSpec['labels'], path: SpecPath): Complaint[] {
  return Object.keys(labels).flatMap((key) => {
    const why = reservedLabel(key);
    return why === null ? [] : [{ path: [...path, key], message: `label ${key}: ${why}` }];
  });
}

/** Kept by every kubelet itself: it puts its own value back when it starts. */
const kubelets = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);

/** Of the namespaces of Kubernetes, what a kubelet may say of its node besides. */
const allowed = new Set([
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
]);
const allowedNamespaces = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

const isUnder = (prefix: string, namespace: string): boolean =>
  prefix === namespace || prefix.endsWith(`.${namespace}`);

const prefixOf = (key: string): string => (key.includes('/') ? (key.split('/')[0] ?? '') : '');

function reservedLabel(key: string): string | null {
  const prefix = prefixOf(key);
  if (kubelets.has(key)) return 'every kubelet sets it itself, for its own node';
  if (isUnder(prefix, 'node-role.kubernetes.io'))
    return 'roles are what roles of the pool say; Kubernetes takes no such label from a kubelet';
  if (!isUnder(prefix, 'kubernetes.io') && !isUnder(prefix, 'k8s.io')) return null;
  if (allowed.has(key) || allowedNamespaces.some((namespace) => isUnder(prefix, namespace)))
    return null;
  return 'Kubernetes keeps kubernetes.io and k8s.io for itself, and takes no such label from a kubelet; use a name of your own, such as example.org/NAME';
}

function ofTaints(taints: PoolSpec['taints'], path: SpecPath): Complaint[] {
  return taints.flatMap(({ key, effect }, index): Complaint[] => {
    const at = [...path, index];
    const why = reservedTaint(key);
    if (why !== null) return [{ path: [...at, 'key'], message: `taint ${key}: ${why}` }];
    const first = taints.findIndex((one) => one.key === key && one.effect === effect);
    if (first === index) return [];
    const message = `taint ${key}:${effect} is there already, as taints[${first}]: a node has one of a key and an effect`;
    return [{ path: at, message }];
  });
}

function reservedTaint(key: string): string | null {
  const prefix = prefixOf(key);
  if (isUnder(prefix, 'node-role.kubernetes.io'))
    return 'masters get theirs from the roles of their pool';
  if (isUnder(prefix, 'node.kubernetes.io'))
    return 'Kubernetes sets and removes it itself, by the state of the node (coordinator node cordon keeps pods off a host)';
  if (isUnder(prefix, 'node.cloudprovider.kubernetes.io'))
    return 'cloud providers set and remove it themselves';
  return null;
}
