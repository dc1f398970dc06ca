// The lab's cluster.yaml: examples/ha.yaml with what this lab has of its own. It is also what tells
// later commands which version of Kubernetes a lab was made with.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { newestKubernetes } from '../artifacts/kubernetes-releases.ts';
import { UsageError } from '../caller-error.ts';
import { exists } from '../machine/exists.ts';

export interface ClusterWish {
  /** For example v1.37.1. */
  readonly kubernetes: string;
  /** Where the artifacts are; null: official releases. */
  readonly directory: string | null;
  readonly masters: number;
}

const example = join(import.meta.dirname, '../../../examples/ha.yaml');

/** Returns the path of a draft: it is the lab's only once the coordinator has taken it. */
export async function draftClusterFile(labDirectory: string, wish: ClusterWish): Promise<string> {
  const document = parseDocument(await readFile(example, 'utf8'));
  document.setIn(['spec', 'kubernetes', 'version'], wish.kubernetes);
  document.setIn(['spec', 'pools', 0, 'size'], wish.masters);
  document.setIn(
    ['spec', 'artifacts'],
    wish.directory === null
      ? { source: 'official' }
      : { source: 'directory', directory: wish.directory },
  );
  await mkdir(labDirectory, { recursive: true });
  const path = `${clusterFile(labDirectory)}.draft`;
  await writeFile(path, document.toString({ lineWidth: 0 }));
  return path;
}

/** Makes a draft that was applied the lab's cluster.yaml. */
export async function keepClusterFile(labDirectory: string): Promise<void> {
  const path = clusterFile(labDirectory);
  await rename(`${path}.draft`, path);
}

/** What a lab was made with; null when it has no cluster yet. */
export async function readClusterFile(labDirectory: string): Promise<ClusterWish | null> {
  const path = clusterFile(labDirectory);
  if (!(await exists(path))) return null;
  const document = parseDocument(await readFile(path, 'utf8'));
  return {
    kubernetes: String(document.getIn(['spec', 'kubernetes', 'version'])),
    directory: (document.getIn(['spec', 'artifacts', 'directory']) as string | undefined) ?? null,
    masters: Number(document.getIn(['spec', 'pools', 0, 'size'])),
  };
}

/**
 * What a lab is to have. Asked before anything is built: a build of another version takes minutes, and
 * the coordinator would refuse it afterwards. @throws UsageError with the ways out
 */
export function kubernetesOf(
  lab: string,
  { wanted, made }: { readonly wanted: string | undefined; readonly made: string | undefined },
): string {
  if (made === undefined || wanted === undefined || wanted === made)
    return wanted ?? made ?? newestKubernetes;
  throw new UsageError(
    `lab ${lab} has Kubernetes ${made}, and a version cannot be changed under a cluster: give ${wanted} a lab of its own (--lab NAME), or take this one down first (npm run lab -- --lab ${lab} down)`,
  );
}

function clusterFile(labDirectory: string): string {
  return join(labDirectory, 'cluster.yaml');
}
