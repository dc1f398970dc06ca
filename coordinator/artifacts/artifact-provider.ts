// The coordinator's own hand for artifacts: makes a lock for a spec, and fills the store in the
// background after `apply`, once per lock. What is missing is told by presence, never guessed.
import { canonicalJson, sha256Hex } from '../../shared/canonical.ts';
import { isAbort, toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';
import { type ArtifactProgress, ignoreProgress } from './artifact-progress.ts';
import type { Architecture } from './catalogue.ts';
import { lockDirectory } from './directory-source.ts';
import type { FetchDependencies } from './fetch-artifact.ts';
import type { ArtifactLock } from './lock.ts';
import { lockOfficial } from './official-source.ts';
import { pullLock } from './pull.ts';

export interface PullState {
  readonly state: 'pulling' | 'done' | 'failed';
  readonly done: number;
  readonly total: number;
  /** Why it failed. */
  readonly message: string | null;
}

/**
 * Of one artifact of a lock. pulling: a pull that is on its way comes to it. missing: nothing fetches
 * it now, because nobody asked or because the pull ended at another one that failed.
 */
export type ArtifactState =
  | { readonly kind: 'stored' | 'pulling' | 'missing' }
  | { readonly kind: 'failed'; readonly message: string };

export interface ArtifactProvider {
  /** From the spec's own source. @throws AppError artifact, refused */
  lockFor(spec: ClusterSpec): Promise<ArtifactLock>;
  /** Begins to fill the store; a pull of the same lock that runs already is that pull. */
  pullInBackground(lock: ArtifactLock): void;
  /** Null when this lock was never asked for. */
  pullState(lock: ArtifactLock): PullState | null;
  /** By digest, for every artifact of the lock. */
  states(lock: ArtifactLock): Promise<ReadonlyMap<string, ArtifactState>>;
  /** Digests in the store. */
  stored(): Promise<ReadonlySet<string>>;
  /** Resolves when no pull runs any more. */
  settled(): Promise<void>;
}

export interface ProviderOptions extends FetchDependencies {
  readonly log: Logger;
  /** The coordinator's own, for official releases. */
  readonly architecture: Architecture;
  /** Something came into the store, or will not come: decisions may change. */
  readonly onChange: () => void;
}

export function createArtifactProvider(options: ProviderOptions): ArtifactProvider {
  const states = new Map<string, PullState>();
  const running = new Map<string, Promise<void>>();
  // By digest: a lock that shares artifacts with another shares their state.
  const failed = new Map<string, string>();
  const pulling = new Map<string, ReadonlySet<string>>();
  const keyOf = (lock: ArtifactLock): string => sha256Hex(canonicalJson(lock));

  const run = async (key: string, lock: ArtifactLock): Promise<void> => {
    const total = lock.artifacts.length;
    states.set(key, { state: 'pulling', done: 0, total, message: null });
    const wanted = new Set(lock.artifacts.map(({ sha256 }) => sha256));
    pulling.set(key, wanted);
    for (const sha256 of wanted) failed.delete(sha256);
    const failures: string[] = [];
    const onProgress = (progress: ArtifactProgress): void => {
      if (progress.state === 'failed') failures.push(progress.sha256);
      if (progress.state === 'fetching' || progress.state === 'failed') return;
      states.set(key, {
        state: 'pulling',
        done: progress.done,
        total: progress.total,
        message: null,
      });
      if (progress.state === 'fetched') options.onChange();
    };
    try {
      const { fetched, present } = await pullLock(lock, onProgress, options);
      states.set(key, { state: 'done', done: total, total, message: null });
      options.log.info({ fetched, present }, 'artifacts complete');
    } catch (thrown) {
      if (isAbort(thrown)) return;
      const { message } = toAppError(thrown);
      states.set(key, { state: 'failed', done: states.get(key)?.done ?? 0, total, message });
      for (const sha256 of failures) failed.set(sha256, message);
      options.log.error({ err: thrown }, 'artifacts could not be fetched');
    } finally {
      running.delete(key);
      pulling.delete(key);
      options.onChange();
    }
  };

  return {
    lockFor: async (spec) => {
      const { version } = spec.kubernetes;
      const { source, directory } = spec.artifacts;
      if (source === 'directory' && directory !== undefined)
        return await lockDirectory(directory, version);
      const architectures = [options.architecture];
      return await lockOfficial(
        { kubernetesVersion: version, architectures, onProgress: ignoreProgress },
        options,
      );
    },
    pullInBackground: (lock) => {
      const key = keyOf(lock);
      if (!running.has(key)) running.set(key, run(key, lock));
    },
    pullState: (lock) => states.get(keyOf(lock)) ?? null,
    states: async (lock) => {
      const stored = await options.store.list();
      const stateOf = (sha256: string): ArtifactState => {
        if (stored.has(sha256)) return { kind: 'stored' };
        if ([...pulling.values()].some((wanted) => wanted.has(sha256))) return { kind: 'pulling' };
        const message = failed.get(sha256);
        return message === undefined ? { kind: 'missing' } : { kind: 'failed', message };
      };
      return new Map(lock.artifacts.map(({ sha256 }) => [sha256, stateOf(sha256)]));
    },
    stored: async () => await options.store.list(),
    settled: async () => {
      await Promise.all(running.values());
    },
  };
}
