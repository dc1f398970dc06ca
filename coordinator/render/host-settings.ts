// Kernel modules and sysctls that Kubernetes needs on every host, with the operator's on top.
import { checked } from '../../shared/alphabets.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';

export function modulesFor(spec: ClusterSpec): readonly string[] {
  const base = ['overlay', 'br_netfilter', 'nf_conntrack', 'vxlan'];
  const forProxy =
    spec.network.proxyMode === 'ipvs' ? ['ip_vs', 'ip_vs_rr', 'ip_vs_wrr', 'ip_vs_sh'] : [];
  const own = spec.host.modules.map((name) => checked('kernelModule', name, 'host.modules'));
  return [...new Set([...base, ...forProxy, ...own])];
}

export function sysctlsFor(spec: ClusterSpec): Readonly<Record<string, string>> {
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
    ...spec.host.sysctls,
  };
}
