// flannel with the vxlan backend.
import { flannelCniConfig, renderFlannelManifest } from '../../render/flannel.ts';
import { paths } from '../../render/paths.ts';
import type { NetworkPlugin } from './network-plugin.ts';

export const flannel: NetworkPlugin = {
  artifacts: ['flannel-cni-plugin'],
  images: ['image-flannel'],
  binaries: [{ artifact: 'flannel-cni-plugin', name: 'flannel' }],
  kernelModules: ['vxlan'],
  sysctls: {},
  ports: ['8472/udp'],
  hostFile: () => ({ path: paths.cniConfig, content: flannelCniConfig }),
  manifest: ({ network }, image) =>
    renderFlannelManifest({ image: image('image-flannel'), pods: network.pods }),
  workloads: [{ namespace: 'kube-system', workload: 'daemonset/flannel' }],
};
