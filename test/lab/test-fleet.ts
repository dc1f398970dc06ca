// A fleet for a test or the bench: everything built, the coordinator serving, the spec applied; hosts
// come with `bootHosts`.
import { buildArtifacts, builtKubectl } from './artifacts.ts';
import { buildBinaries } from './binaries.ts';
import { draftClusterFile, keepClusterFile } from './cluster-file.ts';
import { type Fleet, fleetOf } from './fleet.ts';
import { newestKubernetes } from './kubernetes-releases.ts';
import { openLab } from './lab.ts';
import { defaultCacheDir } from './paths.ts';
import { buildRootfs } from './rootfs.ts';

export interface TestFleetOptions {
  readonly lab: string;
  readonly masters: 1 | 3;
  /** @default the newest that the lab can build */
  readonly kubernetes?: string;
  readonly log: (line: string) => void;
}

export async function openTestFleet(options: TestFleetOptions): Promise<Fleet> {
  const { log, kubernetes = newestKubernetes } = options;
  const built = await buildArtifacts({ kubernetes, log });
  await buildRootfs({ cacheDir: defaultCacheDir(), log });
  const binaries = await buildBinaries(log);
  const stale = await openLab({ name: options.lab, log });
  await stale.down();
  const lab = await openLab({ name: options.lab, log });
  await lab.raise();
  const kubectlBinary = builtKubectl(built, kubernetes);
  const fleet = fleetOf({ lab, binaries, kubectlBinary, log });
  await fleet.startCoordinator();
  await fleet.apply(
    await draftClusterFile(lab.directory, {
      kubernetes,
      directory: built.directory,
      masters: options.masters,
    }),
  );
  await keepClusterFile(lab.directory);
  return fleet;
}
