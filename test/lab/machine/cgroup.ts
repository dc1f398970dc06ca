// A cgroup for each host in every hierarchy of the machine: the version 1 controllers, systemd's
// own, and the unified one. Hosts that shared one would share /system.slice and /kubepods, and
// kubelets would end each other's pods. Everything a host ever started is in its cgroups, so they
// are also the one honest list of what to end.
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exists, isMissing } from './exists.ts';

interface Hierarchy {
  /** A named or the unified hierarchy limits nothing by itself. */
  readonly kind: 'controllers' | 'named' | 'unified';
  readonly controllers: readonly string[];
  readonly mountPoint: string;
  /** The directory of the process that was asked about. */
  readonly directory: string;
}

const searchDepth = 8;
const pollMs = 10;

/** Makes a host's cgroup in every hierarchy and returns their directories. */
export async function createHostCgroups(scope: string): Promise<readonly string[]> {
  const directories: string[] = [];
  for (const hierarchy of await readHierarchies('self')) {
    // Below our own cgroup, so that a limit on whoever started the lab holds for its hosts.
    const isLimiting = hierarchy.kind === 'controllers';
    const parent = isLimiting ? hierarchy.directory : hierarchy.mountPoint;
    const directory = join(parent, scope);
    if (hierarchy.kind === 'unified') await delegateControllers(parent);
    await mkdir(directory, { recursive: true });
    if (hierarchy.controllers.includes('cpuset')) await inheritCpuset(parent, directory);
    directories.push(directory);
  }
  return directories;
}

/** Gives what is in them that many times the processor time of others, when all want it. */
export async function weighCgroups(directories: readonly string[], times: number): Promise<void> {
  // By version 1 and version 2, each with what everybody has who was given nothing.
  const files = [
    { name: 'cpu.shares', usual: 1024 },
    { name: 'cpu.weight', usual: 100 },
  ];
  for (const directory of directories) {
    for (const { name, usual } of files) {
      const file = join(directory, name);
      if (await exists(file)) await writeFile(file, String(usual * times));
    }
  }
}

/** The cgroups of one process, one in each hierarchy. */
export async function readCgroupsOf(pid: number): Promise<readonly string[]> {
  return (await readHierarchies(String(pid))).map(({ directory }) => directory);
}

/** Directories of cgroups whose name the predicate takes, wherever an earlier run made them. */
export async function findCgroups(isWanted: (name: string) => boolean): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { kind, mountPoint } of await readHierarchies('self')) {
    const depth = kind === 'controllers' ? searchDepth : 0;
    await search({ directory: mountPoint, depth, isWanted, found });
  }
  return found;
}

/** Ends every process in the cgroups of that scope; resolves when they hold none. */
export async function emptyCgroups(scope: string, directories: readonly string[]): Promise<void> {
  const isKilledWhole = (await Promise.all(directories.map(killWhole))).includes(true);
  for (let attempt = 0; ; attempt += 1) {
    const remaining = await readProcesses(directories);
    if (remaining.length === 0) return;
    // Without a unified hierarchy, or for one who is in the others only, pid by pid.
    if (!isKilledWhole || attempt > 50) {
      for (const pid of remaining) await killMember(scope, pid);
    }
    await sleep(pollMs);
  }
}

/** Removes empty cgroups with all below them. */
export async function removeCgroups(directories: readonly string[]): Promise<void> {
  for (const directory of directories) await removeTree(directory);
}

/** Pids in the cgroups and below them, each once, in ascending order. */
export async function readProcesses(directories: readonly string[]): Promise<readonly number[]> {
  const pids = new Set<number>();
  for (const directory of directories) await collectProcesses(directory, pids);
  return [...pids].sort((a, b) => a - b);
}

async function readHierarchies(pid: string): Promise<readonly Hierarchy[]> {
  const [membership, mounts] = await Promise.all([
    readFile(`/proc/${pid}/cgroup`, 'utf8'),
    readFile('/proc/self/mountinfo', 'utf8'),
  ]);
  const entries = membership.trim().split('\n').map(parseMembership);
  const hierarchies = new Map<string, Hierarchy>();
  for (const line of mounts.trim().split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [type = '', , superOptions = ''] = after.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') continue;
    const [, , , root = '/', mountPoint = ''] = before.split(' ');
    const options = superOptions.split(',');
    const entry = entries.find(({ controllers }) =>
      type === 'cgroup2' ? controllers.length === 0 : controllers.some((c) => options.includes(c)),
    );
    if (entry === undefined) continue;
    const path =
      root !== '/' && entry.path.startsWith(root) ? entry.path.slice(root.length) : entry.path;
    hierarchies.set(entry.controllers.join(), {
      kind: kindOf(entry.controllers),
      controllers: entry.controllers,
      mountPoint,
      directory: join(mountPoint, path),
    });
  }
  return [...hierarchies.values()];
}

function kindOf(controllers: readonly string[]): Hierarchy['kind'] {
  if (controllers.length === 0) return 'unified';
  return controllers.some((name) => name.startsWith('name=')) ? 'named' : 'controllers';
}

function parseMembership(line: string): { controllers: readonly string[]; path: string } {
  const [, names = '', ...path] = line.split(':');
  const controllers = names === '' ? [] : names.split(',');
  return { controllers, path: path.join(':') };
}

/** On a machine with version 2 alone, children have only the controllers that are handed on. */
async function delegateControllers(parent: string): Promise<void> {
  const available = (await readFile(join(parent, 'cgroup.controllers'), 'utf8')).trim();
  for (const controller of available.split(' ').filter((name) => name !== '')) {
    await writeFile(join(parent, 'cgroup.subtree_control'), `+${controller}`).catch(() => {
      // Some controllers cannot be handed on everywhere; a kubelet names the one it misses.
    });
  }
}

/** A new version 1 cpuset is empty, and no process can enter an empty one. */
async function inheritCpuset(parent: string, directory: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    await writeFile(join(directory, file), await readFile(join(parent, file), 'utf8'));
  }
}

interface Search {
  readonly directory: string;
  /** How many levels further down to look. */
  readonly depth: number;
  readonly isWanted: (name: string) => boolean;
  readonly found: string[];
}

async function search({ directory, depth, isWanted, found }: Search): Promise<void> {
  for (const name of await subdirectories(directory)) {
    const child = join(directory, name);
    if (isWanted(name)) found.push(child);
    else if (depth > 0) await search({ directory: child, depth: depth - 1, isWanted, found });
  }
}

/** The unified hierarchy kills a whole tree at once, and nobody who only has the same pid. */
async function killWhole(directory: string): Promise<boolean> {
  const killFile = join(directory, 'cgroup.kill');
  if (!(await exists(killFile))) return false;
  await ignoringMissing(() => writeFile(killFile, '1'));
  return true;
}

async function killMember(scope: string, pid: number): Promise<void> {
  await ignoringMissing(async () => {
    const membership = await readFile(`/proc/${pid}/cgroup`, 'utf8');
    const isMember = membership.split(/[/\n]/).includes(scope);
    if (isMember) process.kill(pid, 'SIGKILL');
  });
}

async function collectProcesses(directory: string, pids: Set<number>): Promise<void> {
  await ignoringMissing(async () => {
    const text = await readFile(join(directory, 'cgroup.procs'), 'utf8');
    for (const pid of text.split('\n')) if (pid !== '') pids.add(Number(pid));
  });
  for (const name of await subdirectories(directory)) {
    await collectProcesses(join(directory, name), pids);
  }
}

async function removeTree(directory: string): Promise<void> {
  for (const name of await subdirectories(directory)) await removeTree(join(directory, name));
  for (let attempt = 0; ; attempt += 1) {
    try {
      await rmdir(directory);
      return;
    } catch (error) {
      if (isMissing(error)) return;
      // A killed process is counted until the kernel has finished with it.
      if (attempt === 100) throw error;
      await sleep(pollMs);
    }
  }
}

async function subdirectories(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function ignoringMissing(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
