// Where the artifacts of `npm start` come from: official releases when they can be reached, else built
// from their Go modules. The lab's coordinator lives in the fabric, which has no way out, so official
// releases are locked and pulled into its store from outside.
import { chmod, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fleet } from '../fleet.ts';
import { buildArtifacts, builtKubectl } from './artifacts.ts';
import { officialKubectl } from './kubectl-of.ts';
import { officialReleasesAnswer } from './official-releases.ts';

export interface ArtifactChoice {
  /** Null: official. */
  readonly directory: string | null;
  /** Where kubectl is, or will be. */
  readonly kubectl: (labDirectory: string) => string;
  /** Brings what `apply` needs; returns the flags for it. */
  readonly bring: (fleet: Fleet, spec: string) => Promise<readonly string[]>;
}

/** probe: official when it answers, else built here. */
export type ArtifactSource = 'probe' | 'official' | 'built';

export interface ArtifactWish {
  readonly kubernetes: string;
  readonly source: ArtifactSource;
}

/** @throws UsageError naming what can be built, when that version cannot. */
export async function chooseArtifacts(
  { kubernetes, source }: ArtifactWish,
  say: (line: string) => void,
): Promise<ArtifactChoice> {
  const isOfficial =
    source === 'official' || (source === 'probe' && (await officialReleasesAnswer()));
  if (isOfficial) {
    say('artifacts: official releases');
    return { directory: null, kubectl: officialKubectl, bring: pullOfficial };
  }
  const why = source === 'built' ? 'as asked' : 'official releases cannot be reached';
  say(`artifacts: built from their Go modules (${why})`);
  const built = await buildArtifacts({ kubernetes, log: say });
  const kubectl = builtKubectl(built, kubernetes);
  return {
    directory: built.directory,
    kubectl: () => kubectl,
    bring: async () => [],
  };
}

interface Lock {
  readonly artifacts: readonly { readonly name: string; readonly sha256: string }[];
}

async function pullOfficial(fleet: Fleet, spec: string): Promise<readonly string[]> {
  const lock = join(fleet.lab.directory, 'cluster.lock.json');
  const data = ['--data', fleet.dataDir];
  await fleet.must(['artifacts', 'lock', '-f', spec, '-o', lock, ...data]);
  await fleet.must(['artifacts', 'pull', '--lock', lock, ...data]);
  const { artifacts } = JSON.parse(await readFile(lock, 'utf8')) as Lock;
  const kubectl = artifacts.find((artifact) => artifact.name === 'kubectl');
  if (kubectl === undefined) throw new Error(`${lock} has no kubectl`);
  const target = officialKubectl(fleet.lab.directory);
  await copyFile(join(fleet.dataDir, 'artifacts/sha256', kubectl.sha256), target);
  await chmod(target, 0o755);
  return ['--lock', lock];
}
