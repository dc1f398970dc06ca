// A fleet for a test or the bench: everything built, the coordinator serving, the spec applied; hosts
// come with `bootHosts`.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildArtifacts } from './artifacts.ts';
import { buildBinaries } from './binaries.ts';
import { type Fleet, fleetOf } from './fleet.ts';
import { openLab } from './lab.ts';
import { defaultCacheDir } from './paths.ts';
import { buildRootfs } from './rootfs.ts';

export interface TestFleetOptions {
  readonly lab: string;
  readonly masters: 1 | 3;
  readonly log: (line: string) => void;
}

export async function openTestFleet(options: TestFleetOptions): Promise<Fleet> {
  const { log } = options;
  const built = await buildArtifacts({ log });
  await buildRootfs({ cacheDir: defaultCacheDir(), log });
  const binaries = await buildBinaries(log);
  const stale = await openLab({ name: options.lab, log });
  await stale.down();
  const lab = await openLab({ name: options.lab, log });
  await lab.raise();
  const kubectl = built.index.find((entry) => entry.name === 'kubectl');
  const kubectlBinary = join(built.directory, kubectl?.file ?? '');
  const fleet = fleetOf({ lab, agentBinary: binaries.agent, kubectlBinary, log });
  await fleet.startCoordinator();
  await fleet.apply(
    await writeSpec(lab.directory, { directory: built.directory, masters: options.masters }),
  );
  return fleet;
}

export interface SpecInputs {
  /** Null: official releases. */
  readonly directory: string | null;
  readonly masters: number;
}

/** examples/ha.yaml with the lab's artifacts and the wanted number of masters. */
export async function writeSpec(labDirectory: string, inputs: SpecInputs): Promise<string> {
  const example = await readFile(join(import.meta.dirname, '../../examples/ha.yaml'), 'utf8');
  const source =
    inputs.directory === null
      ? '{source: official}'
      : `{source: directory, directory: ${inputs.directory}}`;
  await mkdir(labDirectory, { recursive: true });
  const path = join(labDirectory, 'cluster.yaml');
  await writeFile(
    path,
    example.replace('{source: official}', source).replace('size: 3', `size: ${inputs.masters}`),
  );
  return path;
}
