// A lock from the official releases: every file checked against the checksum its project publishes,
// every image pinned by the digest its registry answers. What was fetched for it stays in the store.
import { AppError } from '../../shared/errors.ts';
import { inParallel } from '../../shared/in-parallel.ts';
import type { ReportArtifactProgress } from './artifact-progress.ts';
import { digestFile, fileSize } from './artifact-store.ts';
import {
  type Architecture,
  type ArtifactName,
  artifactNames,
  officialSource,
  releaseFor,
} from './catalogue.ts';
import { sumFrom } from './checksum-file.ts';
import { fetchText } from './download.ts';
import { type FetchDependencies, fetchFile, lockImage } from './fetch-artifact.ts';
import type { ArtifactLock, LockedArtifact } from './lock.ts';

export interface OfficialLockRequest {
  readonly kubernetesVersion: string;
  readonly architectures: readonly Architecture[];
  readonly onProgress: ReportArtifactProgress;
}

const atOnce = 4;

/** @throws AppError refused for a Kubernetes version without a bill of materials; artifact */
export async function lockOfficial(
  request: OfficialLockRequest,
  deps: FetchDependencies,
): Promise<ArtifactLock> {
  const release = releaseFor(request.kubernetesVersion);
  const wanted = request.architectures.flatMap((arch) =>
    artifactNames.map((name) => ({ name, version: release[name], arch })),
  );
  let done = 0;
  const artifacts = await inParallel(wanted, atOnce, async (entry) => {
    const report = (state: 'fetching' | 'fetched', sha256 = ''): void =>
      request.onProgress({ ...entry, sha256, state, done, total: wanted.length });
    report('fetching');
    const locked = await lockOne(entry, deps);
    done += 1;
    report('fetched', locked.sha256);
    return locked;
  });
  return { schema: 'muster/artifact-lock/v1', artifacts };
}

interface Wanted {
  readonly name: ArtifactName;
  readonly version: string;
  readonly arch: Architecture;
}

async function lockOne(wanted: Wanted, deps: FetchDependencies): Promise<LockedArtifact> {
  const source = officialSource(wanted.name, wanted.version, wanted.arch);
  if (source.kind === 'image') {
    const { reference } = source;
    const selector = reference.slice(reference.lastIndexOf(':') + 1);
    const image = { reference, arch: wanted.arch, selector, source: reference };
    return { ...wanted, kind: 'image', reference, ...(await lockImage(image, deps)) };
  }
  const file = source.url.slice(source.url.lastIndexOf('/') + 1);
  const sums = await fetchText(deps.bases.apply(source.checksumUrl), deps);
  const sha256 = sumFrom(sums, file, source.checksumUrl);
  const base = { ...wanted, kind: source.kind, reference: null };
  if (source.member === null) {
    const size = await deps.store.sizeOf(sha256);
    if (size !== null) return { ...base, url: source.url, sha256, size };
  }
  const path = await fetchFile(source.url, { member: source.member, sha256 }, deps);
  const digest =
    source.member === null ? { sha256, size: await sizeOf(path) } : await digestFile(path);
  await deps.store.adopt(path, { label: `${wanted.name} from ${source.url}`, ...digest });
  const member = source.member === null ? '' : `#${encodeURIComponent(source.member)}`;
  return { ...base, url: `${source.url}${member}`, ...digest };
}

async function sizeOf(path: string): Promise<number> {
  const size = await fileSize(path);
  if (size === null) throw new AppError('internal', `${path} went away`);
  return size;
}
