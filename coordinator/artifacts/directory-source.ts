// A lock from a directory of files: `<dir>/index.json` when there is one, else the layout
// `<dir>/<name>/<version>/<arch>/<file>` with every file hashed.
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { checked } from '../../shared/alphabets.ts';
import { AppError } from '../../shared/errors.ts';
import { minorOf } from '../components/kubernetes/minors.ts';
import { digestFile, fileSize, isMissing } from './artifact-store.ts';
import {
  type Architecture,
  type ArtifactName,
  artifactNames,
  isArtifactName,
  officialSource,
  releaseFor,
} from './catalogue.ts';
import type { ArtifactKind, ArtifactLock, LockedArtifact } from './lock.ts';
import { artifactFields } from './lock-schema.ts';

const indexEntry = z.object({
  ...artifactFields,
  arch: z.string(),
  file: z.string(),
  reference: artifactFields.reference.optional(),
});

/** @throws AppError artifact, naming the directory and what is wrong in it. */
export async function lockDirectory(
  directory: string,
  kubernetesVersion: string,
): Promise<ArtifactLock> {
  const present = (await readIndex(directory)) ?? (await walk(directory));
  const archs = [...new Set(present.map((entry) => entry.arch))].sort();
  const artifacts = archs.flatMap((arch) =>
    artifactNames.flatMap((name) => {
      const candidates = present.filter((entry) => entry.name === name && entry.arch === arch);
      const chosen = choose(name, candidates, kubernetesVersion);
      return chosen === null ? [] : [chosen];
    }),
  );
  return { schema: 'muster/artifact-lock/v1', artifacts };
}

/**
 * Kubernetes' own parts have the cluster's version. Of anything else, what goes with that version;
 * failing that the only one there is, or the newest.
 */
function choose(
  name: ArtifactName,
  candidates: readonly LockedArtifact[],
  kubernetesVersion: string,
): LockedArtifact | null {
  if (isKubernetesPart(name)) {
    return candidates.find((entry) => entry.version === kubernetesVersion) ?? null;
  }
  const listed = minorOf(kubernetesVersion) === null ? null : releaseFor(kubernetesVersion)[name];
  const exact = candidates.find((entry) => entry.version === listed);
  const byVersion = candidates.toSorted((a, b) =>
    b.version.localeCompare(a.version, 'en', { numeric: true }),
  );
  return exact ?? byVersion[0] ?? null;
}

export const isKubernetesPart = (name: string): boolean =>
  ['kubeadm', 'kubelet', 'kubectl'].includes(name) || name.startsWith('image-kube-');

async function readIndex(directory: string): Promise<LockedArtifact[] | null> {
  const path = join(directory, 'index.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if (isMissing(thrown)) return null;
    throw thrown;
  }
  let entries: z.output<typeof indexEntry>[];
  try {
    entries = z.array(indexEntry).parse(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new AppError('artifact', `${path} is not an index of artifacts: ${reason}`, { cause });
  }
  const locked = entries.map(({ file, reference, ...entry }) => ({
    ...entry,
    reference: reference ?? null,
    path: resolve(directory, file),
  }));
  for (const entry of locked) {
    const size = await fileSize(entry.path);
    if (size === entry.size) continue;
    const seen = size === null ? 'is missing' : `has ${size} bytes, the index says ${entry.size}`;
    throw new AppError(
      'artifact',
      `${entry.path} (${entry.name}) ${seen}: make the directory anew`,
    );
  }
  return locked.map(({ path, ...entry }) => ({ ...entry, url: pathToFileURL(path).href }));
}

async function walk(directory: string): Promise<LockedArtifact[]> {
  const found: LockedArtifact[] = [];
  for (const name of await subdirectories(directory)) {
    if (!isArtifactName(name)) continue;
    for (const version of await subdirectories(join(directory, name))) {
      for (const arch of await subdirectories(join(directory, name, version))) {
        found.push(await readEntry(join(directory, name, version, arch), { name, version, arch }));
      }
    }
  }
  if (found.length > 0) return found;
  throw new AppError(
    'artifact',
    `${directory} has neither index.json nor files as NAME/VERSION/ARCH/FILE, for example kubeadm/v1.37.1/amd64/kubeadm`,
  );
}

async function readEntry(
  folder: string,
  entry: { readonly name: ArtifactName; readonly version: string; readonly arch: string },
): Promise<LockedArtifact> {
  const files = (await readdir(folder)).filter((file) => !file.startsWith('.'));
  const [file, second] = files;
  if (file === undefined || second !== undefined) {
    throw new AppError('artifact', `${folder} has ${files.length} files: exactly one is wanted`);
  }
  const path = join(folder, file);
  checked('version', entry.version, `${folder}: version of ${entry.name}`);
  const source = officialSource(entry.name, entry.version, entry.arch as Architecture);
  const kind: ArtifactKind = source.kind;
  const reference = source.kind === 'image' ? source.reference : null;
  return { ...entry, kind, reference, url: pathToFileURL(path).href, ...(await digestFile(path)) };
}

async function subdirectories(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    throw new AppError(
      'artifact',
      `${directory} does not exist: artifacts.directory is a path on the coordinator`,
    );
  }
}
