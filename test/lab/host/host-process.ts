// A running host: systemd as process 1 of a container that has its own everything. Which process
// that is, is read from the host's cgroup each time, so that no record of a pid can be stale.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  createHostCgroups,
  emptyCgroups,
  findCgroups,
  readCgroupsOf,
  readProcesses,
} from '../machine/cgroup.ts';
import { isMissing } from '../machine/exists.ts';
import { inNamespace } from '../machine/fabric.ts';
import { hostScopeName, machineName } from '../machine/names.ts';
import { readProcessIdentity } from '../machine/process-identity.ts';
import { type RunOptions, type RunResult, startDetached, tryRun } from '../run.ts';
import type { HostDisk } from './host-disk.ts';

/** System calls that a kubelet's containers use and the container manager would forbid. */
const systemCalls = '@keyring bpf add_key keyctl';

const tidyTimeoutMs = 2000;
const pollMs = 20;

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface BootOptions {
  readonly lab: string;
  readonly host: string;
  readonly rootfs: string;
  readonly disk: HostDisk;
}

/** Starts a host whose network namespace is there; it runs on when this process ends. */
export async function bootHost({ lab, host, rootfs, disk }: BootOptions): Promise<void> {
  const scope = hostScopeName(lab, host);
  const cgroups = await createHostCgroups(scope);
  const container = [
    'systemd-nspawn',
    '--quiet',
    '--boot',
    `--directory=${disk.root}`,
    `--machine=${machineName(lab, host)}`,
    `--hostname=${host}`,
    // The host lives in cgroups of ours; no service manager of the machine needs to know of it.
    '--register=no',
    '--keep-unit',
    '--capability=all',
    '--private-users=no',
    `--system-call-filter=${systemCalls}`,
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    ...disk.binds.map(({ source, target }) => `--bind=${source}:${target}`),
    '--bind=/dev/fuse',
    '--bind=/dev/kmsg',
    '--console=pipe',
  ];
  startDetached(
    [
      'env',
      '-i',
      path,
      'SYSTEMD_NSPAWN_API_VFS_WRITABLE=1',
      // The network is entered first: given to the container manager as an option, the host would
      // see the devices of the machine in sys.
      ...inNamespace(scope),
      ...['unshare', '--mount', '--propagation=private'],
      ...[besideThisFile('boot-host'), rootfs, disk.upper, disk.work, disk.root],
      ...[...cgroups, '--'],
      ...container,
    ],
    disk.console,
  );
}

/** Pid of the host's systemd as the machine counts; undefined when the host is off. */
export async function readLeader(lab: string, host: string): Promise<number | undefined> {
  for (const directory of await cgroupsOf(hostScopeName(lab, host))) {
    for (const pid of await readProcesses([directory])) {
      if (await isFirstOfContainer(pid)) return pid;
    }
  }
  return undefined;
}

/** Ends everything of a host at once, as a pulled plug does, and leaves its cgroups empty. */
export async function killHost(lab: string, host: string): Promise<void> {
  const scope = hostScopeName(lab, host);
  const cgroups = await cgroupsOf(scope);
  const leader = await readLeader(lab, host);
  const identity = leader === undefined ? undefined : await readProcessIdentity(leader);
  if (identity !== undefined && (await isFirstOfContainer(identity.pid))) {
    // With process 1 the kernel ends all others of the host; its container manager, which is
    // outside, then removes what it keeps of it on the machine.
    process.kill(identity.pid, 'SIGKILL');
    const deadline = Date.now() + tidyTimeoutMs;
    while (Date.now() < deadline && (await readProcesses(cgroups)).length > 0) await sleep(pollMs);
  }
  await emptyCgroups(scope, cgroups);
}

/** Runs a program inside a running host: its namespaces, its cgroups, a clean environment. */
export async function runInHost(
  leader: number,
  argv: readonly string[],
  options: Pick<RunOptions, 'stdin' | 'timeoutMs' | 'signal'> = {},
): Promise<RunResult> {
  const title = `${argv.join(' ')} (in a host)`;
  return tryRun(await hostCommand(leader, argv), { ...options, title });
}

/** The argv that runs a program inside a running host. */
export async function hostCommand(
  leader: number,
  argv: readonly string[],
): Promise<readonly string[]> {
  // The leader's own cgroups are leaves, which may take processes where the host's root may not.
  const cgroups = await readCgroupsOf(leader);
  return [
    ...['env', '-i', path, 'HOME=/root', 'LANG=C.UTF-8', `TERM=${process.env['TERM'] ?? 'dumb'}`],
    ...[besideThisFile('enter-host'), ...cgroups, '--'],
    ...['nsenter', '-t', String(leader), '-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w', '--'],
    // nsenter waits for its child in the host; when it is killed, the child has to go too.
    ...['setpriv', '--pdeathsig', 'KILL', '--'],
    ...argv,
  ];
}

async function cgroupsOf(scope: string): Promise<readonly string[]> {
  return findCgroups((name) => name === scope);
}

/** The second of exactly two process namespaces: process 1 of a pod is in a third. */
async function isFirstOfContainer(pid: number): Promise<boolean> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const pids = /^NSpid:\s+(.+)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
    return pids.length === 2 && pids[1] === '1';
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function besideThisFile(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
