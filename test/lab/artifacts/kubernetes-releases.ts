// The versions of Kubernetes that the lab can build, with the tags that kubeadm of each asks for
// (cmd/kubeadm/app/constants) and that of its tests' image. A version is added here and as a module.
import { UsageError } from '../caller-error.ts';

export interface KubernetesRelease {
  readonly version: string;
  /** Folder under modules/ that pins its sources. */
  readonly module: string;
  readonly corednsTag: string;
  readonly pauseTag: string;
  readonly agnhostTag: string;
}

/** Newest first: the first is what is installed when nothing else is asked for. */
export const kubernetesReleases = [
  {
    version: 'v1.37.1',
    module: 'kubernetes-1.37',
    corednsTag: 'v1.14.6',
    pauseTag: '3.10.2',
    agnhostTag: '2.66.1',
  },
  {
    version: 'v1.36.4',
    module: 'kubernetes-1.36',
    corednsTag: 'v1.14.2',
    pauseTag: '3.10.2',
    agnhostTag: '2.63.0',
  },
] as const satisfies readonly KubernetesRelease[];

export const newestKubernetes: string = kubernetesReleases[0].version;

/** @throws UsageError that names the versions there are. */
export function kubernetesRelease(version: string): KubernetesRelease {
  const found = kubernetesReleases.find((release) => release.version === version);
  if (found !== undefined) return found;
  const known = kubernetesReleases.map((release) => release.version).join(' and ');
  throw new UsageError(
    `the lab cannot build Kubernetes ${version}: it has the sources of ${known} (test/lab/artifacts/modules)`,
  );
}
