// What a host has on its disk before its first boot: the identity that a real machine has from its
// installation, and the user-data that its cloud would give it. Written into the upper layer of its
// overlay while nothing has that mounted.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { markComplete } from './lab-host.ts';

/**
 * Directories of a host that must not lie on its overlay: containerd would stack an overlay upon
 * it, kubelet mounts volumes there, etcd lives by its disk's sync.
 */
const ownDirectories = [
  { name: 'containerd', target: '/var/lib/containerd', mode: 0o711 },
  { name: 'kubelet', target: '/var/lib/kubelet', mode: 0o700 },
  { name: 'etcd', target: '/var/lib/etcd', mode: 0o700 },
] as const;

const seedDirectory = 'var/lib/cloud/seed/nocloud';

export interface HostDisk {
  /** Directory of everything that the lab keeps of this host. */
  readonly directory: string;
  readonly upper: string;
  readonly work: string;
  /** Mount point of the overlay, used in the host's own mount namespace only. */
  readonly root: string;
  readonly console: string;
  /** Pairs of a directory of the machine and its place in the host. */
  readonly binds: readonly { readonly source: string; readonly target: string }[];
}

export function diskOf(directory: string): HostDisk {
  return {
    directory,
    upper: join(directory, 'upper'),
    work: join(directory, 'work'),
    root: join(directory, 'root'),
    console: join(directory, 'console.log'),
    binds: ownDirectories.map(({ name, target }) => ({ source: join(directory, name), target })),
  };
}

export interface NewDisk {
  readonly hostName: string;
  readonly userData: string | undefined;
  readonly gateway: string;
  /** Lines of etc/hosts for this host and its neighbours. */
  readonly neighbours: readonly string[];
}

/** Lays down a new disk; a half-made one is made again from nothing. */
export async function createDisk(disk: HostDisk, content: NewDisk): Promise<void> {
  await rm(disk.directory, { recursive: true, force: true });
  for (const path of [disk.upper, disk.work, disk.root]) await mkdir(path, { recursive: true });
  for (const { name, mode } of ownDirectories) await mkdir(join(disk.directory, name), { mode });
  const machineId = randomBytes(16).toString('hex');
  const metaData = `instance-id: ${content.hostName}-${machineId}\nlocal-hostname: ${content.hostName}\n`;
  await writeFiles(disk.upper, {
    'etc/hostname': `${content.hostName}\n`,
    'etc/machine-id': `${machineId}\n`,
    'etc/resolv.conf': `nameserver ${content.gateway}\n`,
    'etc/hosts': `127.0.0.1 localhost\n::1 localhost\n${content.neighbours.join('\n')}\n`,
    'etc/lab/product_uuid': `${randomUUID()}\n`,
    [`${seedDirectory}/meta-data`]: metaData,
    [`${seedDirectory}/user-data`]: content.userData ?? '#cloud-config\n{}\n',
  });
  await markComplete(disk.directory);
}

async function writeFiles(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    await writeFile(target, text, { mode: path.startsWith(seedDirectory) ? 0o600 : 0o644 });
  }
}
