// One agent per state folder, ever: an flock on a file in the folder, which root alone may enter, so
// that nobody else on the host can hold it. The kernel gives it up with the process, however that ends;
// nothing is left behind that could be stale. A container with a folder of its own is not in the way.
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../shared/errors.ts';
import { CLEAN_ENVIRONMENT } from './host/exec.ts';

/** Held until the process ends or `release` is called. @throws AppError conflict when another agent runs. */
export async function lockInstance(
  stateDirectory: string,
): Promise<{ readonly release: () => void }> {
  const path = join(stateDirectory, 'lock');
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  // A plain number: a FileHandle that nobody refers to is closed some day. Closed on exec by itself.
  const file = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  const release = (): void => closeSync(file);
  try {
    if (await tryFlock(file)) return { release };
  } catch (thrown) {
    release();
    throw thrown;
  }
  release();
  throw new AppError(
    'conflict',
    `another agent already works with ${stateDirectory}: see \`systemctl status muster-agent\``,
  );
}

/**
 * Node has no flock of its own. A lock belongs to the open file, not to the process that asked for it:
 * the program locks ours and is gone, and the lock stays for as long as we have the file open.
 */
async function tryFlock(file: number): Promise<boolean> {
  const program = spawn('flock', ['-x', '-n', '3'], {
    env: CLEAN_ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'ignore', file],
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    program.once('error', reject);
    program.once('close', resolve);
  }).catch((cause: unknown) => {
    throw new AppError('not-found', 'there is no program flock on this host: install util-linux', {
      cause,
    });
  });
  if (code === 0 || code === 1) return code === 0;
  throw new AppError('exec-failed', `\`flock -x -n\` ended with ${code ?? 'a signal'}`, {
    retryable: true,
  });
}
