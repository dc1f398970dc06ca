// Where official releases are: one row per artifact, with the address of the file and of its
// checksum. Data only: which version goes with a Kubernetes is components/kubernetes' business, fetching
// is official-source's, digests are the lock's.
import { companionNames, kubernetesParts } from '../components/kubernetes/minor.ts';
import { requireMinor } from '../components/kubernetes/minors.ts';
import type { ArtifactKind } from './lock.ts';

/** Every artifact that a cluster needs, by the names that plans use. */
export const artifactNames = [...kubernetesParts, ...companionNames] as const;

export type ArtifactName = (typeof artifactNames)[number];
export type Architecture = 'amd64' | 'arm64';
export const architectures: readonly Architecture[] = ['amd64', 'arm64'];

/** Version of every artifact that goes with a version of Kubernetes. */
export type Release = Readonly<Record<ArtifactName, string>>;

/** @throws AppError refused, naming the minors this version knows. */
export function releaseFor(kubernetes: string): Release {
  return { ...partsOf(kubernetes), ...requireMinor(kubernetes).companions };
}

const partsOf = (kubernetes: string): Pick<Release, (typeof kubernetesParts)[number]> => ({
  kubeadm: kubernetes,
  kubelet: kubernetes,
  kubectl: kubernetes,
  'image-kube-apiserver': kubernetes,
  'image-kube-controller-manager': kubernetes,
  'image-kube-scheduler': kubernetes,
  'image-kube-proxy': kubernetes,
});

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
