// What the lab keeps of one guest: its disk, a copy of the image with an identity and cloud-init's seed
// written into it before the first boot, and the kernel that belongs to what is on the disk.
import { randomBytes, randomUUID } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { markComplete } from '../host/lab-host.ts';
import { exists } from '../machine/exists.ts';
import { run } from '../run.ts';
import type { GuestImage } from './guest-image.ts';

export interface GuestDisk {
  /** Directory of everything that the lab keeps of this guest. */
  readonly directory: string;
  readonly image: string;
  readonly kernel: string;
  readonly console: string;
  readonly log: string;
  /** Socket of the guest's agent. */
  readonly agent: string;
  readonly productUuid: string;
}

export function guestDiskOf(directory: string): GuestDisk {
  return {
    directory,
    image: join(directory, 'disk.img'),
    kernel: join(directory, 'vmlinuz'),
    console: join(directory, 'console.log'),
    log: join(directory, 'qemu.log'),
    agent: join(directory, 'agent.sock'),
    productUuid: join(directory, 'product_uuid'),
  };
}

export interface NewGuestDisk {
  readonly hostName: string;
  readonly userData: string | undefined;
  readonly address: string;
  readonly gateway: string;
  readonly hardwareAddress: string;
  /** Lines of etc/hosts for this host and its neighbours. */
  readonly neighbours: readonly string[];
}

const seed = '/var/lib/cloud/seed/nocloud';

/** Lays down a new disk; a half-made one is made again from nothing. */
export async function createGuestDisk(
  disk: GuestDisk,
  image: GuestImage,
  content: NewGuestDisk,
): Promise<void> {
  await rm(disk.directory, { recursive: true, force: true });
  await mkdir(disk.directory, { recursive: true });
  await writeFile(guestMark(disk.directory), '');
  await run(['cp', '--sparse=always', image.disk, disk.image]);
  await copyFile(image.kernel, disk.kernel);
  await writeFile(disk.productUuid, `${randomUUID()}\n`);
  await writeInto(disk, filesOf(content));
  await markComplete(disk.directory);
}

/** True for the directory of a guest, however far it was made. */
export function isGuestDirectory(directory: string): Promise<boolean> {
  return exists(guestMark(directory));
}

export async function productUuidOf(disk: GuestDisk): Promise<string> {
  return (await readFile(disk.productUuid, 'utf8')).trim();
}

function guestMark(directory: string): string {
  return join(directory, 'guest');
}

/** Files by place: what an installation gives a machine, and what a cloud tells it at its first boot. */
function filesOf(content: NewGuestDisk): Readonly<Record<string, string>> {
  const { hostName, address, gateway, hardwareAddress } = content;
  const machineId = randomBytes(16).toString('hex');
  const network = {
    version: 2,
    ethernets: {
      lan: {
        match: { macaddress: hardwareAddress },
        addresses: [`${address}/24`],
        gateway4: gateway,
        dhcp4: false,
        dhcp6: false,
      },
    },
  };
  return {
    '/etc/machine-id': `${machineId}\n`,
    '/etc/resolv.conf': `nameserver ${gateway}\n`,
    '/etc/hosts': `127.0.0.1 localhost\n::1 localhost\n${content.neighbours.join('\n')}\n`,
    [`${seed}/meta-data`]: `instance-id: ${hostName}-${machineId}\nlocal-hostname: ${hostName}\n`,
    [`${seed}/network-config`]: `${JSON.stringify(network)}\n`,
    [`${seed}/user-data`]: content.userData ?? '#cloud-config\n{}\n',
  };
}

/** Without a mount: a file system of a guest is never the machine's. */
async function writeInto(disk: GuestDisk, files: Readonly<Record<string, string>>): Promise<void> {
  const drafts = join(disk.directory, 'files');
  const commands: string[] = [];
  for (const [index, [path, text]] of Object.entries(files).entries()) {
    const draft = join(drafts, String(index));
    await mkdir(dirname(draft), { recursive: true });
    await writeFile(draft, text, { mode: path.startsWith(seed) ? 0o600 : 0o644 });
    // Writing does not replace a file that is there; removing one that is not is only said.
    commands.push(`rm ${path}`, `write ${draft} ${path}`);
  }
  const script = join(drafts, 'commands');
  await writeFile(script, `${commands.join('\n')}\n`);
  await run(['debugfs', '-w', '-f', script, disk.image]);
  const [, ...told] = (await run(['debugfs', '-R', `ls -p ${seed}`, disk.image])).split('\n');
  if (!told.some((line) => line.includes('/user-data/'))) {
    throw new Error(`${disk.image} did not take its files: ${told.join(' ')}`);
  }
  await rm(drafts, { recursive: true, force: true });
}
