// Which artifacts a host of given roles needs, and where the lock has them.
import { AppError } from '../../shared/errors.ts';
import type { ArtifactReference } from '../../shared/model/step.ts';
import type { ArtifactLock, LockedArtifact } from '../artifacts/lock.ts';
import type { ClusterSpec, Role } from '../spec/cluster-spec.ts';

const everyNode = [
  'containerd',
  'runc',
  'cni-plugins',
  'flannel-cni-plugin',
  'kubeadm',
  'kubelet',
  'image-pause',
  'image-nginx',
  'image-kube-proxy',
  'image-flannel',
  'image-coredns',
] as const;
const masters = [
  'kubectl',
  'image-kube-apiserver',
  'image-kube-controller-manager',
  'image-kube-scheduler',
] as const;

/** Only the smoke test's hosts need it, and only after the install. */
export const SMOKE_IMAGE = 'image-agnhost';

/** Small and needed first comes first: agents fetch in this order. */
export function artifactNamesFor(roles: readonly Role[]): readonly string[] {
  return [
    ...(roles.includes('etcd') ? ['etcd'] : []),
    ...everyNode,
    ...(roles.includes('control-plane') ? masters : []),
  ];
}

/** Kubernetes' word for the kernel's. */
export const artifactArchitecture = (architecture: string): string =>
  ({ x86_64: 'amd64', x64: 'amd64', aarch64: 'arm64' })[architecture] ?? architecture;

export function findArtifact(
  lock: ArtifactLock,
  name: string,
  arch: string,
): LockedArtifact | null {
  return lock.artifacts.find((entry) => entry.name === name && entry.arch === arch) ?? null;
}

/** Locked artifacts by name for one architecture. @throws AppError when the lock lacks one: preflight asks first. */
export class Materials {
  readonly #lock: ArtifactLock;
  readonly #arch: string;
  readonly #mirrors: readonly string[];

  constructor(lock: ArtifactLock, arch: string, spec: ClusterSpec) {
    this.#lock = lock;
    this.#arch = arch;
    this.#mirrors = spec.artifacts.mirrors;
  }

  reference(name: string): ArtifactReference {
    const found = this.#locked(name);
    const mirrors = this.#mirrors.map(
      (base) => `${base.replace(/\/$/, '')}/sha256/${found.sha256}`,
    );
    const base = { name, version: found.version, sha256: found.sha256, size: found.size };
    return mirrors.length > 0 ? { ...base, mirrors } : base;
  }

  version(name: string): string {
    return this.#locked(name).version;
  }

  /** The image's own reference, as pods and units name it. */
  image(name: string): string {
    const found = this.#locked(name);
    if (found.reference === null)
      throw new AppError('invalid', `the lock has no image reference for ${name}`);
    return found.reference;
  }

  #locked(name: string): LockedArtifact {
    const found = findArtifact(this.#lock, name, this.#arch);
    if (found === null)
      throw new AppError('invalid', `the artifact lock has no ${name} for ${this.#arch}`);
    return found;
  }
}
