// The container runtimes there are: the spec's word for one, and its row.
import type { ClusterSpec } from '../../spec/cluster-spec.ts';
import type { ContainerRuntime } from './container-runtime.ts';
import { containerd } from './containerd.ts';

const runtimes: Readonly<Record<ClusterSpec['runtime']['name'], ContainerRuntime>> = { containerd };

export const runtimeOf = (spec: ClusterSpec): ContainerRuntime => runtimes[spec.runtime.name];
