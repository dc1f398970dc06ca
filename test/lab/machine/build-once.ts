// Something expensive in the cache that is made once per content of its recipe: in a draft beside its
// place, under a lock, and then only read.
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheDir } from '../paths.ts';
import { exists } from './exists.ts';
import { withLock } from './lock.ts';

export interface BuildOptions {
  /** @default MUSTER_CACHE, else /var/cache/muster-lab */
  readonly cacheDir?: string;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface Recipe {
  /** Its directory in the cache. */
  readonly name: string;
  /** Of everything that decides what comes out. */
  readonly digest: string;
  /** For the log: "the root file system of the hosts". */
  readonly title: string;
  readonly aboutSeconds: number;
  /** Lays it all down at the path of a draft that is not there, in a directory that is. */
  readonly make: (draft: string) => Promise<void>;
}

/** Returns where it is, making it when it is not there. */
export async function buildOnce(recipe: Recipe, options: BuildOptions): Promise<string> {
  const { cacheDir = defaultCacheDir(), log, signal } = options;
  const directory = join(cacheDir, recipe.name);
  const target = join(directory, recipe.digest);
  if (await exists(target)) return target;
  return withLock({ path: join(cacheDir, `${recipe.name}.lock`), log, signal }, async () => {
    if (await exists(target)) return target;
    const beganMs = Date.now();
    log(`building ${recipe.title} (about ${recipe.aboutSeconds} s)`);
    const draft = `${target}.draft`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    await recipe.make(draft);
    await rename(draft, target);
    log(`built ${recipe.title} in ${Math.round((Date.now() - beganMs) / 1000)} s`);
    return target;
  });
}
