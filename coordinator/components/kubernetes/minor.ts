// What goes with a minor of Kubernetes. A patch release inside a known minor needs no new code: the
// row says what kubeadm of that minor asks for, and what else belongs to it.

/** Artifacts that have Kubernetes' own version. */
export const kubernetesParts = [
  'kubeadm',
  'kubelet',
  'kubectl',
  'image-kube-apiserver',
  'image-kube-controller-manager',
  'image-kube-scheduler',
  'image-kube-proxy',
] as const;

/** Artifacts with versions of their own. */
export const companionNames = [
  'etcd',
  'containerd',
  'runc',
  'cni-plugins',
  'flannel-cni-plugin',
  'image-coredns',
  'image-pause',
  'image-flannel',
  'image-nginx',
  'image-agnhost',
] as const;

/** Images as their tags write versions; the others without the leading v. */
export type Companions = Readonly<Record<(typeof companionNames)[number], string>>;

export interface KubernetesMinor {
  readonly minor: number;
  /** What the official source locks, and what is chosen from a directory that has several. */
  readonly companions: Companions;
  /** Of an external etcd: MinExternalEtcdVersion in the constants of this minor's kubeadm. */
  readonly minimumEtcd: string;
  /** Version of kubeadm's configuration documents. */
  readonly kubeadmApi: 'v1beta4';
  /** Minors that a kubelet may be behind the API servers (Kubernetes' version skew policy). */
  readonly kubeletSkew: number;
}
