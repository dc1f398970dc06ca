// One artifact from its address into the store: a file, a member of an archive, or an image. The
// address of a locked artifact says which: file:, http(s): with #member, or oci:.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { type ArtifactStore, digestFile, type FileDigest } from './artifact-store.ts';
import { download, type HttpDependencies } from './download.ts';
import { extractMember } from './extract-member.ts';
import type { LockedArtifact } from './lock.ts';
import { writeImageArchive } from './oci-archive.ts';
import { parseImageReference } from './oci-reference.ts';
import { Registry } from './oci-registry.ts';
import type { ReleaseBases } from './release-bases.ts';

export interface FetchDependencies extends HttpDependencies {
  readonly store: ArtifactStore;
  readonly bases: ReleaseBases;
}

/** More than the largest release there is; a server cannot fill the disk. */
const maxBytes = 4 * 1024 ** 3;

/** Fills the store with exactly what the lock says. @throws AppError artifact */
export async function fetchLocked(
  artifact: LockedArtifact,
  deps: FetchDependencies,
): Promise<void> {
  const label = `${artifact.name} ${artifact.version} (${artifact.arch}) from ${artifact.url}`;
  const expected = { label, sha256: artifact.sha256, size: artifact.size };
  if (artifact.url.startsWith('file:')) {
    await deps.store.adoptFrom(fileURLToPath(artifact.url), expected);
    return;
  }
  const path = artifact.url.startsWith('oci:')
    ? await fetchImage(imageOf(artifact), deps)
    : await fetchFile(artifact.url, { member: memberOf(artifact.url), sha256: null }, deps);
  await deps.store.adopt(path, expected);
}

export interface Image {
  readonly reference: string;
  readonly arch: string;
  /** Tag or digest to ask for. */
  readonly selector: string;
  /** Registry and repository. */
  readonly source: string;
}

function imageOf(artifact: LockedArtifact): Image {
  const source = artifact.url.slice('oci://'.length);
  const { digest, tag } = parseImageReference(source);
  const reference = artifact.reference ?? source;
  return { reference, arch: artifact.arch, selector: digest ?? tag ?? '', source };
}

/** Answers the path of the archive; it is not in the store yet. */
export async function fetchImage(image: Image, deps: FetchDependencies): Promise<string> {
  const registry = new Registry(parseImageReference(image.source), deps.bases, deps);
  const manifest = await registry.manifest(image.selector, image.arch);
  return await writeImageArchive({ ...image, manifest }, registry, deps.store);
}

/** The same, with the address that pins it: the manifest's digest. */
export async function lockImage(
  image: Image,
  deps: FetchDependencies,
): Promise<FileDigest & { readonly url: string }> {
  const reference = parseImageReference(image.source);
  const registry = new Registry(reference, deps.bases, deps);
  const manifest = await registry.manifest(image.selector, image.arch);
  const path = await writeImageArchive({ ...image, manifest }, registry, deps.store);
  const digest = await digestFile(path);
  await deps.store.adopt(path, { label: image.source, ...digest });
  const url = `oci://${reference.registry}/${reference.repository}@${manifest.descriptor.digest}`;
  return { ...digest, url };
}

/** @param wanted.sha256 of the file at `url`, before a member is taken out of it; null: not known */
export async function fetchFile(
  url: string,
  wanted: { readonly member: string | null; readonly sha256: string | null },
  deps: FetchDependencies,
): Promise<string> {
  const plain = url.replace(/#.*$/, '');
  const path = await deps.store.partialPath(`file-${sha256Hex(url).slice(0, 32)}`);
  await download({ url: deps.bases.apply(plain), path, maxBytes }, deps);
  if (wanted.sha256 !== null) {
    const { sha256 } = await digestFile(path);
    if (sha256 !== wanted.sha256) {
      await rm(path, { force: true });
      throw new AppError(
        'artifact',
        `${plain}: sha256 is ${sha256}, its checksum file says ${wanted.sha256}: nothing was taken; try again, or use another mirror`,
      );
    }
  }
  if (wanted.member === null) return path;
  const to = `${path}.member`;
  await extractMember({ archive: path, member: wanted.member, to, maxBytes, signal: deps.signal });
  await rm(path, { force: true });
  return to;
}

const memberOf = (url: string): string | null => {
  const member = new URL(url).hash.slice(1);
  return member === '' ? null : decodeURIComponent(member);
};
