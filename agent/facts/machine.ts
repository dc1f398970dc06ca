// What facts ask of the machine that is not a text file: processors, interfaces, free space, name
// look-ups. A port of its own, so that tests describe a machine; it starts no process and changes
// nothing.
import { lookup } from 'node:dns/promises';
import { readdir, readFile, readlink, realpath, stat, statfs } from 'node:fs/promises';
import * as os from 'node:os';
import { mem } from 'systeminformation';
import type { AddressFact } from '../../shared/model/facts.ts';

export interface Space {
  /** Where the path leads once links are followed. */
  readonly path: string;
  readonly totalBytes: number;
  /** What is free to programs that are not root, which is what "full" means to most. */
  readonly freeBytes: number;
}

export interface Machine {
  hostname(): string;
  architecture(): string;
  uid(): number;
  cpus(): number;
  memoryBytes(): Promise<number>;
  interfaces(): readonly AddressFact[];
  environment(): Readonly<Record<string, string | undefined>>;
  /**
   * Another text whenever the file that a path leads to is another one. Size and time of change are
   * not enough: archives date all their files 1970. @throws when there is no such file.
   */
  stampOf(path: string): Promise<string>;
  /** Null when there is nothing at `path`. */
  spaceOf(path: string): Promise<Space | null>;
  /** False also when no answer came within `limitMs`. */
  resolves(name: string, limitMs: number): Promise<boolean>;
  /** Program names by socket inode, for those of `inodes` that a visible process holds. */
  socketOwners(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, string>>;
}

export const nodeMachine: Machine = {
  hostname: () => os.hostname(),
  architecture: () => process.arch,
  uid: () => process.getuid?.() ?? -1,
  cpus: () => os.cpus().length,
  memoryBytes: async () => (await mem()).total,
  interfaces,
  environment: () => process.env,
  stampOf,
  spaceOf,
  resolves,
  socketOwners,
};

function interfaces(): readonly AddressFact[] {
  return Object.entries(os.networkInterfaces()).flatMap(([name, entries = []]) =>
    entries.map((entry) => ({
      interface: name,
      address: entry.address,
      prefix: Number(entry.cidr?.split('/')[1] ?? (entry.family === 'IPv4' ? 32 : 128)),
      family: entry.family === 'IPv4' ? ('ipv4' as const) : ('ipv6' as const),
    })),
  );
}

async function stampOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
  return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
}

async function spaceOf(path: string): Promise<Space | null> {
  try {
    const real = await realpath(path);
    const { bsize, blocks, bavail } = await statfs(real);
    return { path: real, totalBytes: blocks * bsize, freeBytes: bavail * bsize };
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return null;
    throw thrown;
  }
}

async function resolves(name: string, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const found = lookup(name).then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function socketOwners(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>();
  for (const pid of await namesIn('/proc')) {
    if (owners.size === inodes.size) break;
    if (!/^\d+$/.test(pid)) continue;
    const held = await socketsOf(pid);
    const wanted = held.filter((inode) => inodes.has(inode) && !owners.has(inode));
    if (wanted.length === 0) continue;
    const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
    if (name !== '') for (const inode of wanted) owners.set(inode, name);
  }
  return owners;
}

/** Processes end while they are looked at, and some may not be looked at: both hold nothing. */
async function socketsOf(pid: string): Promise<readonly string[]> {
  const directory = `/proc/${pid}/fd`;
  const targets = (await namesIn(directory)).map((fd) =>
    readlink(`${directory}/${fd}`).catch(() => ''),
  );
  const inodes = (await Promise.all(targets)).map(
    (target) => /^socket:\[(\d+)\]$/.exec(target)?.[1],
  );
  return inodes.filter((inode) => inode !== undefined);
}

const namesIn = (path: string): Promise<readonly string[]> => readdir(path).catch(() => []);

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : null;
}
