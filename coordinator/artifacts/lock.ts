// The artifact lock: what exactly is installed, by digest. Written by `artifacts lock`, kept with
// the cluster, and the only source of digests in plans.

export type ArtifactKind = 'binary' | 'archive' | 'image';

export interface LockedArtifact {
  /** kubeadm, kubelet, kubectl, etcd, containerd, runc, cni-plugins, flannel-cni-plugin, image-… */
  readonly name: string;
  readonly version: string;
  /** amd64 or arm64 */
  readonly arch: string;
  readonly kind: ArtifactKind;
  readonly url: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly size: number;
  /** Images only: the reference that pods and units use. */
  readonly reference: string | null;
}

export interface ArtifactLock {
  readonly schema: 'muster/artifact-lock/v1';
  readonly artifacts: readonly LockedArtifact[];
}
