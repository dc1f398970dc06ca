// Which artifacts a host of given roles needs: the rows of the cluster's plugin and runtime, and what
// every Kubernetes node or master has.
import type { ClusterSpec, Role } from '../spec/cluster-spec.ts';
import { networkPluginOf } from './network/network-plugins.ts';
import { runtimeOf } from './runtime/runtimes.ts';

/** Only the smoke test's hosts need it, and only after the install. */
export const SMOKE_IMAGE = 'image-agnhost';

/** Images of the control plane. */
export const masterImages = [
  'image-kube-apiserver',
  'image-kube-controller-manager',
  'image-kube-scheduler',
] as const;

/** Small and needed first comes first: agents fetch in this order. */
export function artifactNamesFor(spec: ClusterSpec, roles: readonly Role[]): readonly string[] {
  const plugin = networkPluginOf(spec);
  return [
    ...(roles.includes('etcd') ? ['etcd'] : []),
    ...runtimeOf(spec).artifacts,
    'cni-plugins',
    ...plugin.artifacts,
    'kubeadm',
    'kubelet',
    'image-pause',
    'image-nginx',
    'image-kube-proxy',
    ...plugin.images,
    'image-coredns',
    ...(roles.includes('control-plane') ? ['kubectl', ...masterImages] : []),
  ];
}
