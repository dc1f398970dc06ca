// A container runtime: what a host needs to run containers by it, in one row.
import type { Materials } from '../materials.ts';

export interface RuntimeHost {
  readonly materials: Materials;
  readonly cgroupVersion: 1 | 2;
}

export interface ContainerRuntime {
  readonly artifacts: readonly string[];
  readonly kernelModules: readonly string[];
  /** Binaries inside archives, by artifact: path in the archive and name on the host. */
  readonly archives: readonly {
    readonly artifact: string;
    readonly members: readonly { readonly from: string; readonly name: string }[];
  }[];
  /** Artifacts that are one binary. */
  readonly binaries: readonly string[];
  readonly unit: { readonly name: string; readonly content: string };
  configFile(host: RuntimeHost): { readonly path: string; readonly content: string };
}
