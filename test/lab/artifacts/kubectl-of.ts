// The kubectl that goes with a lab: the built one of its version, or the one that was pulled with the
// official releases.
import { join } from 'node:path';
import type { ClusterWish } from '../fleet/cluster-file.ts';
import { builtKubectl, readArtifactIndex } from './artifacts.ts';

export async function kubectlOf(
  labDirectory: string,
  { directory, kubernetes }: ClusterWish,
): Promise<string> {
  if (directory === null) return officialKubectl(labDirectory);
  return builtKubectl(await readArtifactIndex(directory), kubernetes);
}

export const officialKubectl = (labDirectory: string): string => join(labDirectory, 'kubectl');
