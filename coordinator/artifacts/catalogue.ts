// Where official releases are: one row per artifact, with the address of the file and of its
// checksum. Data only: fetching is official-source's business, digests are the lock's.
import { AppError } from '../../shared/errors.ts';
import type { ArtifactKind } from './lock.ts';

/** Every artifact that a cluster needs, by the names that plans use. */
export const artifactNames = [
  'kubeadm',
  'kubelet',
  'kubectl',
  'etcd',
  'containerd',
  'runc',
  'cni-plugins',
  'flannel-cni-plugin',
  'image-kube-apiserver',
  'image-kube-controller-manager',
  'image-kube-scheduler',
  'image-kube-proxy',
  'image-coredns',
  'image-pause',
  'image-flannel',
  'image-nginx',
  'image-agnhost',
] as const;

export type ArtifactName = (typeof artifactNames)[number];
export type Architecture = 'amd64' | 'arm64';
export const architectures: readonly Architecture[] = ['amd64', 'arm64'];

/** Kubernetes and images as their tags write versions; the others without the leading v. */
type Release = Readonly<Record<ArtifactName, string>>;

/**
 * What goes with a Kubernetes version: coredns and pause are those that kubeadm of that version
 * names, agnhost that of its tests, flannel-cni-plugin that of flannel's own manifest.
 */
function release(kubernetes: string, others: Omit<Release, KubernetesArtifact>): Release {
  return {
    kubeadm: kubernetes,
    kubelet: kubernetes,
    kubectl: kubernetes,
    'image-kube-apiserver': kubernetes,
    'image-kube-controller-manager': kubernetes,
    'image-kube-scheduler': kubernetes,
    'image-kube-proxy': kubernetes,
    ...others,
  };
}

type KubernetesArtifact =
  | 'kubeadm'
  | 'kubelet'
  | 'kubectl'
  | 'image-kube-apiserver'
  | 'image-kube-controller-manager'
  | 'image-kube-scheduler'
  | 'image-kube-proxy';

const releases: Readonly<Record<string, Release>> = {
  'v1.37.1': release('v1.37.1', {
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
  }),
  'v1.36.4': release('v1.36.4', {
    etcd: '3.6.16',
    containerd: '2.4.2',
    runc: '1.5.2',
    'cni-plugins': '1.9.1',
    'flannel-cni-plugin': '1.9.1-flannel1',
    'image-coredns': 'v1.14.2',
    'image-pause': '3.10.2',
    'image-flannel': 'v0.28.4',
    'image-nginx': '1.30.6-alpine',
    'image-agnhost': '2.63.0',
  }),
};

export const knownKubernetesVersions = (): readonly string[] => Object.keys(releases);

/** @throws AppError refused, naming the versions this release knows. */
export function releaseFor(kubernetes: string): Release {
  const found = releases[kubernetes];
  if (found !== undefined) return found;
  throw new AppError(
    'refused',
    `this version of Muster has no bill of materials for Kubernetes ${kubernetes}; it has: ${knownKubernetesVersions().join(', ')}`,
  );
}

export type OfficialSource =
  | {
      readonly kind: Exclude<ArtifactKind, 'image'>;
      readonly url: string;
      /** A file with the SHA-256, alone or in lines of `sum  file`. */
      readonly checksumUrl: string;
      /** The artifact is this member of the archive at `url`. */
      readonly member: string | null;
    }
  | { readonly kind: 'image'; readonly reference: string };

const kubernetesBinary =
  (name: string) =>
  (version: string, arch: Architecture): OfficialSource => {
    const url = `https://dl.k8s.io/release/${version}/bin/linux/${arch}/${name}`;
    return { kind: 'binary', url, checksumUrl: `${url}.sha256`, member: null };
  };

const image =
  (repository: string) =>
  (version: string): OfficialSource => ({
    kind: 'image',
    reference: `${repository}:${version}`,
  });

const github = 'https://github.com';

const sources: Readonly<
  Record<ArtifactName, (version: string, arch: Architecture) => OfficialSource>
> = {
  kubeadm: kubernetesBinary('kubeadm'),
  kubelet: kubernetesBinary('kubelet'),
  kubectl: kubernetesBinary('kubectl'),
  etcd: (version, arch) => {
    const base = `${github}/etcd-io/etcd/releases/download/v${version}`;
    const url = `${base}/etcd-v${version}-linux-${arch}.tar.gz`;
    return { kind: 'archive', url, checksumUrl: `${base}/SHA256SUMS`, member: null };
  },
  containerd: (version, arch) => {
    const base = `${github}/containerd/containerd/releases/download/v${version}`;
    const url = `${base}/containerd-${version}-linux-${arch}.tar.gz`;
    return { kind: 'archive', url, checksumUrl: `${url}.sha256sum`, member: null };
  },
  runc: (version, arch) => {
    const base = `${github}/opencontainers/runc/releases/download/v${version}`;
    const checksumUrl = `${base}/runc.sha256sum`;
    return { kind: 'binary', url: `${base}/runc.${arch}`, checksumUrl, member: null };
  },
  'cni-plugins': (version, arch) => {
    const base = `${github}/containernetworking/plugins/releases/download/v${version}`;
    const url = `${base}/cni-plugins-linux-${arch}-v${version}.tgz`;
    return { kind: 'archive', url, checksumUrl: `${url}.sha256`, member: null };
  },
  // Only the archive has a published checksum; what a host needs of it is one file.
  'flannel-cni-plugin': (version, arch) => {
    const base = `${github}/flannel-io/cni-plugin/releases/download/v${version}`;
    const url = `${base}/cni-plugin-flannel-linux-${arch}-v${version}.tgz`;
    return { kind: 'binary', url, checksumUrl: `${url}.sha256`, member: `flannel-${arch}` };
  },
  'image-kube-apiserver': image('registry.k8s.io/kube-apiserver'),
  'image-kube-controller-manager': image('registry.k8s.io/kube-controller-manager'),
  'image-kube-scheduler': image('registry.k8s.io/kube-scheduler'),
  'image-kube-proxy': image('registry.k8s.io/kube-proxy'),
  'image-coredns': image('registry.k8s.io/coredns/coredns'),
  'image-pause': image('registry.k8s.io/pause'),
  'image-flannel': image('ghcr.io/flannel-io/flannel'),
  'image-nginx': image('docker.io/library/nginx'),
  'image-agnhost': image('registry.k8s.io/e2e-test-images/agnhost'),
};

export const isArtifactName = (name: string): name is ArtifactName => Object.hasOwn(sources, name);

export function officialSource(
  name: ArtifactName,
  version: string,
  arch: Architecture,
): OfficialSource {
  return sources[name](version, arch);
}
