// How far a host's systemd is with starting, asked of the host itself.

/** Runs a program in the host and returns what it wrote. */
export type Ask = (argv: readonly string[]) => Promise<string>;

/**
 * In systemd's words: starting, running, degraded and so on.
 * @param patienceSeconds how long the host itself waits for the end of its start before it answers
 */
export async function readSystemState(ask: Ask, patienceSeconds = 2): Promise<string> {
  const command = ['timeout', String(patienceSeconds), 'systemctl', 'is-system-running', '--wait'];
  const state = (await ask(command)).trim() || 'starting';
  if (state !== 'starting') return state;
  return (await onlyOthersAreAwaited(ask)) ? 'running' : 'starting';
}

/**
 * True when all that still starts are units that were installed into the host later. They may wait for
 * other hosts, as a member of etcd does for its majority, and then for ever.
 */
async function onlyOthersAreAwaited(ask: Ask): Promise<boolean> {
  const systemctl = async (...words: readonly string[]): Promise<string> =>
    (await ask(['systemctl', ...words])).trim();
  if ((await systemctl('is-active', 'basic.target')) !== 'active') return false;
  const jobs = (await systemctl('list-jobs', '--plain', '--no-legend')).split('\n');
  const starting = jobs
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, unit, , state]) => (unit !== undefined && state === 'running' ? [unit] : []));
  if (starting.length === 0) return false;
  const files = await systemctl('show', '--property=FragmentPath', '--value', ...starting);
  return files
    .split(/\n+/)
    .every(
      (path) => path.startsWith('/etc/systemd/system/') && !path.endsWith('/lab-fixes.service'),
    );
}
