// `artifacts pull`: everything a lock names into the store, several at once, never twice.
import { isAbort } from '../../shared/errors.ts';
import { inParallel } from '../../shared/in-parallel.ts';
import type { ArtifactProgress, ReportArtifactProgress } from './artifact-progress.ts';
import { type FetchDependencies, fetchLocked } from './fetch-artifact.ts';
import type { ArtifactLock } from './lock.ts';

export interface PullResult {
  readonly fetched: number;
  readonly present: number;
}

const atOnce = 4;

/** @throws AppError artifact at the first that fails; what came before stays. */
export async function pullLock(
  lock: ArtifactLock,
  onProgress: ReportArtifactProgress,
  deps: FetchDependencies,
): Promise<PullResult> {
  // Two names for one content are one file.
  const wanted = [...new Map(lock.artifacts.map((entry) => [entry.sha256, entry])).values()];
  let done = 0;
  const states = await inParallel(wanted, atOnce, async (artifact) => {
    const { name, version, arch, sha256 } = artifact;
    const report = (state: ArtifactProgress['state']): void =>
      onProgress({ name, version, arch, sha256, state, done, total: wanted.length });
    if (await deps.store.has(artifact.sha256)) {
      done += 1;
      report('present');
      return 'present';
    }
    report('fetching');
    try {
      await fetchLocked(artifact, deps);
    } catch (thrown) {
      if (!isAbort(thrown)) report('failed');
      throw thrown;
    }
    done += 1;
    report('fetched');
    return 'fetched';
  });
  const fetched = states.filter((state) => state === 'fetched').length;
  return { fetched, present: states.length - fetched };
}
