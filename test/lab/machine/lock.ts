// A lock between processes of one machine, so that two runs do not build or change the same thing
// at once. The kernel keeps it (flock): whoever dies, however it dies, lets go of it.
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { startHolder } from '../run.ts';
import { isMissing } from './exists.ts';

export interface LockOptions {
  readonly path: string;
  readonly log?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How long a lock may be waited for in silence. */
const patienceMs = 1000;

/** Runs the work while holding the lock; a long wait for another holder is said. */
export async function withLock<T>(options: LockOptions, work: () => Promise<T>): Promise<T> {
  const release = await take(options);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function take(options: LockOptions): Promise<() => Promise<void>> {
  const { path, log, signal } = options;
  const waiting = setTimeout(() => log?.(`waiting for another run (it holds ${path})`), patienceMs);
  try {
    for (;;) {
      await mkdir(dirname(path), { recursive: true });
      // `cat` ends when this process closes its end of the pipe, or dies.
      const holder = await startHolder(['flock', path, 'sh', '-c', 'echo held; exec cat'], signal);
      if (await isSameFile(path, holder.pid)) return holder.release;
      // The last holder removed the file while we waited: its lock guards nothing any more.
      await holder.release();
    }
  } finally {
    clearTimeout(waiting);
  }
}

/** True when the file that flock (whose first own descriptor is 3) holds is the one at the path. */
async function isSameFile(path: string, holderPid: number): Promise<boolean> {
  try {
    const [held, present] = await Promise.all([stat(`/proc/${holderPid}/fd/3`), stat(path)]);
    return held.ino === present.ino && held.dev === present.dev;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
