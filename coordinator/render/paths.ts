// Where things lie on a host. kubeadm's own layout where it has one; ours beside it.

export const paths = {
  binaries: '/usr/local/bin',
  cniBinaries: '/opt/cni/bin',
  cniConfig: '/etc/cni/net.d/10-flannel.conflist',
  containerdConfig: '/etc/containerd/config.toml',
  containerdSocket: 'unix:///run/containerd/containerd.sock',
  modules: '/etc/modules-load.d/muster.conf',
  sysctls: '/etc/sysctl.d/90-muster.conf',
  kubeletDropIns: '/etc/kubernetes/kubelet.conf.d',
  kubeletDropIn: '/etc/kubernetes/kubelet.conf.d/10-muster.conf',
  kubeletConfig: '/var/lib/kubelet/config.yaml',
  kubeletFlags: '/var/lib/kubelet/kubeadm-flags.env',
  manifests: '/etc/kubernetes/manifests',
  pki: '/etc/kubernetes/pki',
  apiProxyConfig: '/etc/muster/api-proxy/nginx.conf',
  kubeadmInit: '/etc/muster/kubeadm/init.yaml',
  kubeadmJoin: '/etc/muster/kubeadm/join.yaml',
  discovery: '/etc/kubernetes/muster-discovery.conf',
  bootstrapConfig: '/etc/kubernetes/bootstrap-kubelet.conf',
  adminConfig: '/etc/kubernetes/admin.conf',
  kubernetesCa: '/etc/kubernetes/pki/ca.crt',
  etcdData: '/var/lib/etcd',
  etcdSnapshots: '/var/lib/muster-agent/etcd-snapshots',
} as const;

/** etcd's own certificates: two authorities, neither Kubernetes'. */
export const etcdPaths = {
  peerCa: '/etc/etcd/pki/peer-ca.crt',
  peerCertificate: '/etc/etcd/pki/peer.crt',
  peerKey: '/etc/etcd/pki/peer.key',
  clientCa: '/etc/etcd/pki/client-ca.crt',
  serverCertificate: '/etc/etcd/pki/server.crt',
  serverKey: '/etc/etcd/pki/server.key',
} as const;

/** The API server's credential for etcd; the agent's etcd steps use it too. */
export const etcdClientPaths = {
  caPath: '/etc/kubernetes/pki/etcd/ca.crt',
  certificatePath: '/etc/kubernetes/pki/apiserver-etcd-client.crt',
  keyPath: '/etc/kubernetes/pki/apiserver-etcd-client.key',
} as const;

/** The keys every master shares. kubeadm makes them on the first; they travel sealed. */
export const sharedKeys = [
  'ca.crt',
  'ca.key',
  'front-proxy-ca.crt',
  'front-proxy-ca.key',
  'sa.key',
  'sa.pub',
].map((name) => `${paths.pki}/${name}`);

export const API_PORT = 6443;
/** The local API proxy of every node. */
export const PROXY_PORT = 9443;
