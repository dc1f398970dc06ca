// Opens a fleet, for `npm start`, tests and the bench alike: everything built, the lab's network up, the
// coordinator serving, the cluster applied. Hosts come with `bootHosts`. What is there stays.
import { type ArtifactSource, chooseArtifacts } from '../artifacts/artifact-choice.ts';
import { type Fleet, fleetOf } from '../fleet.ts';
import { buildRootfs } from '../host/rootfs.ts';
import { openLab } from '../lab.ts';
import { defaultCacheDir, labDirectory } from '../paths.ts';
import { buildBinaries } from './binaries.ts';
import {
  draftClusterFile,
  keepClusterFile,
  kubernetesOf,
  readClusterFile,
} from './cluster-file.ts';

export interface FleetWish {
  readonly lab: string;
  readonly masters: number;
  /** Absent: what the lab was made with, else the newest that it can build. */
  readonly kubernetes?: string | undefined;
  readonly artifacts: ArtifactSource;
  readonly log: (line: string) => void;
}

export async function openFleet(wish: FleetWish): Promise<Fleet> {
  const { log, masters } = wish;
  const made = await readClusterFile(labDirectory(wish.lab));
  const versions = { wanted: wish.kubernetes, made: made?.kubernetes };
  const kubernetes = kubernetesOf(wish.lab, versions);
  const [artifacts, binaries] = await Promise.all([
    chooseArtifacts({ kubernetes, source: wish.artifacts }, log),
    buildBinaries(log),
  ]);
  await buildRootfs({ cacheDir: defaultCacheDir(), log });
  const lab = await openLab({ name: wish.lab, log });
  await lab.raise();
  const kubectlBinary = artifacts.kubectl(lab.directory);
  const fleet = fleetOf({ lab, binaries, kubectlBinary, log });
  const { directory } = artifacts;
  const draft = await draftClusterFile(lab.directory, { kubernetes, directory, masters });
  await fleet.startCoordinator();
  log((await fleet.apply(draft, await artifacts.bring(fleet, draft))).trim());
  await keepClusterFile(lab.directory);
  return fleet;
}
