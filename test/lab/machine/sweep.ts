// Removes everything of a lab from the machine, found by its names and not by anybody's memory of
// having made it. That is why it works as well after a crash as after a day of use.
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killHost } from '../host/host-process.ts';
import { findCgroups, removeCgroups } from './cgroup.ts';
import { fabricProcesses, removeNamespaces } from './fabric.ts';
import { hostScopePrefix, machineName } from './names.ts';
import { isAlive, type ProcessIdentity, readProcessIdentity } from './process-identity.ts';

const graceMs = 5000;
const pollMs = 50;

/** Ends the lab's hosts and fabric and removes its directory. */
export async function sweepLab(lab: string, directory: string): Promise<void> {
  const prefix = hostScopePrefix(lab);
  const cgroups = await findCgroups((name) => name.startsWith(prefix));
  const hosts = new Set(cgroups.map((path) => basename(path).slice(prefix.length)));
  await Promise.all([...hosts].map((host) => killHost(lab, host)));
  await removeCgroups(cgroups);
  await endFabricProcesses(lab);
  await removeNamespaces(lab);
  for (const host of hosts) await removeContainerFiles(lab, host);
  await rm(directory, { recursive: true, force: true });
}

/** What the container manager keeps of a machine that ended without its knowing. */
async function removeContainerFiles(lab: string, host: string): Promise<void> {
  const machine = machineName(lab, host);
  await rm(`/run/systemd/nspawn/propagate/${machine}`, { recursive: true, force: true });
  await rm(`/run/systemd/nspawn/unix-export/${machine}`, { recursive: true, force: true });
  await rm(`/run/systemd/nspawn/locks/name-${machine}`, { force: true });
}

/** Programs in the fabric get time to end well; who is still the same afterwards is killed. */
async function endFabricProcesses(lab: string): Promise<void> {
  const processes: ProcessIdentity[] = [];
  for (const pid of await fabricProcesses(lab)) {
    const identity = await readProcessIdentity(pid);
    if (identity !== undefined) processes.push(identity);
  }
  for (const identity of processes) await signalSame(identity, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline && (await countAlive(processes)) > 0) await sleep(pollMs);
  for (const identity of processes) await signalSame(identity, 'SIGKILL');
  while ((await countAlive(processes)) > 0) await sleep(pollMs);
}

async function signalSame(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<void> {
  if (!(await isAlive(identity))) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function countAlive(processes: readonly ProcessIdentity[]): Promise<number> {
  const alive = await Promise.all(processes.map(isAlive));
  return alive.filter(Boolean).length;
}
