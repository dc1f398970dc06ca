// The modes of kube-proxy: what each needs of a host. Versions of the kernel are those from which the
// Kubernetes project supports the mode.
import type { ClusterSpec } from '../../spec/cluster-spec.ts';

export interface ProxyMode {
  readonly kernelModules: readonly string[];
  readonly minimumKernel: string;
}

const modes: Readonly<Record<ClusterSpec['network']['proxyMode'], ProxyMode>> = {
  nftables: { kernelModules: [], minimumKernel: '5.13.0' },
  iptables: { kernelModules: [], minimumKernel: '4.19.0' },
  // The default scheduler and those that specs name most often: kube-proxy loads no others by itself.
  ipvs: { kernelModules: ['ip_vs', 'ip_vs_rr', 'ip_vs_wrr', 'ip_vs_sh'], minimumKernel: '4.19.0' },
};

export const proxyModeOf = (spec: ClusterSpec): ProxyMode => modes[spec.network.proxyMode];
