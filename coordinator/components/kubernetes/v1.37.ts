// Kubernetes v1.37. CoreDNS and pause are those that its kubeadm deploys, agnhost that of its tests.
import type { KubernetesMinor } from './minor.ts';

export const v1_37: KubernetesMinor = {
  minor: 37,
  companions: {
    etcd: '3.6.16',
    containerd: '2.4.2',
    runc: '1.5.2',
    'cni-plugins': '1.9.1',
    'flannel-cni-plugin': '1.9.1-flannel1',
    'image-coredns': 'v1.14.6',
    'image-pause': '3.10.2',
    'image-flannel': 'v0.28.4',
    'image-nginx': '1.30.6-alpine',
    'image-agnhost': '2.66.1',
  },
  minimumEtcd: '3.5.24',
  kubeadmApi: 'v1beta4',
  kubeletSkew: 3,
};
