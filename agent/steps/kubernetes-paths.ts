// Where kubeadm and the kubelet keep things on a host.

export const kubernetes = {
  directory: '/etc/kubernetes',
  pki: '/etc/kubernetes/pki',
  ca: '/etc/kubernetes/pki/ca.crt',
  manifests: '/etc/kubernetes/manifests',
  adminConfig: '/etc/kubernetes/admin.conf',
  kubeletConfig: '/etc/kubernetes/kubelet.conf',
  bootstrapConfig: '/etc/kubernetes/bootstrap-kubelet.conf',
  kubeletDirectory: '/var/lib/kubelet',
  kubeletPki: '/var/lib/kubelet/pki',
  kubeletCertificate: '/var/lib/kubelet/pki/kubelet-client-current.pem',
  kubeletSettings: '/var/lib/kubelet/config.yaml',
  kubeletFlags: '/var/lib/kubelet/kubeadm-flags.env',
  temporary: '/etc/kubernetes/tmp',
  kubeadm: '/usr/local/bin/kubeadm',
} as const;
