// A network plugin: everything Muster has to know about the pod network of a cluster, in one row.
import type { ClusterSpec } from '../../spec/cluster-spec.ts';

/** A file that every host has. */
export interface HostFile {
  readonly path: string;
  readonly content: string;
}

export interface NetworkPlugin {
  /** Artifacts of every node, besides the images. */
  readonly artifacts: readonly string[];
  /** Images of every node, as `image-NAME` in the lock. */
  readonly images: readonly string[];
  /** CNI binaries that are artifacts of their own: artifact and name on the host. */
  readonly binaries: readonly { readonly artifact: string; readonly name: string }[];
  readonly kernelModules: readonly string[];
  readonly sysctls: Readonly<Record<string, string>>;
  /** Ports that the plugin needs between the hosts. */
  readonly ports: readonly string[];
  /** Laid down before the runtime starts. */
  hostFile(spec: ClusterSpec): HostFile;
  /** What the cluster is given once it has an API server. @param image reference by `image-NAME` */
  manifest(spec: ClusterSpec, image: (name: string) => string): string;
  /** What has to be ready before the network works, as namespace and workload. */
  readonly workloads: readonly { readonly namespace: string; readonly workload: string }[];
}
