// Kernel modules and sysctls that Kubernetes needs on every host, with those of the cluster's runtime,
// network and proxy, and the operator's on top.
import { checked } from '../../shared/alphabets.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';

/** Whatever the runtime, network and proxy are. */
export const everyHost = { kernelModules: ['br_netfilter', 'nf_conntrack'] };

/** @param rows `everyHost`, and those of the cluster's runtime, network plugin and proxy mode */
export function modulesFor(
  spec: ClusterSpec,
  rows: readonly { readonly kernelModules: readonly string[] }[],
): readonly string[] {
  const ofRows = rows.flatMap(({ kernelModules }) => kernelModules);
  const own = spec.host.modules.map((name) => checked('kernelModule', name, 'host.modules'));
  return [...new Set([...ofRows, ...own])];
}

export function sysctlsFor(
  spec: ClusterSpec,
  ofNetwork: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(spec.host.sysctls)) {
    checked('line', value, `host.sysctls.${checked('sysctlName', name, 'host.sysctls')}`);
  }
  return {
    'net.ipv4.ip_forward': '1',
    'net.bridge.bridge-nf-call-iptables': '1',
    'net.bridge.bridge-nf-call-ip6tables': '1',
    // What the kubelet wants of the kernel (its protectKernelDefaults list).
    'vm.overcommit_memory': '1',
    'vm.panic_on_oom': '0',
    'kernel.panic': '10',
    'kernel.panic_on_oops': '1',
    'fs.inotify.max_user_instances': '8192',
    'fs.inotify.max_user_watches': '524288',
    ...ofNetwork,
    ...spec.host.sysctls,
  };
}
