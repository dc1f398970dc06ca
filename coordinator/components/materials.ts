// Locked artifacts by name for one architecture: what plans refer to.
import { AppError } from '../../shared/errors.ts';
import type { ArtifactReference } from '../../shared/model/step.ts';
import type { ArtifactLock, LockedArtifact } from '../artifacts/lock.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';

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

export class Materials {
  readonly #lock: ArtifactLock;
  readonly #arch: string;
  readonly #mirrors: readonly string[];

  constructor(lock: ArtifactLock, arch: string, spec: ClusterSpec) {
    this.#lock = lock;
    this.#arch = arch;
    this.#mirrors = spec.artifacts.mirrors;
  }

  /** @throws AppError when the lock lacks it: preflight asks first */
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
