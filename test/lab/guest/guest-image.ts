// The disk and kernel that every guest begins with: a small Debian server as a cloud hands it out, with
// cloud-init, its own kernel and no identity. Made without mounts and loop devices, once per content of
// its recipe; a guest gets a copy.
import { createHash } from 'node:crypto';
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  housekeepingUnits,
  outOfSight,
  removeIdentity,
  replaceByLink,
  serverPackages,
  suite,
} from '../host/rootfs.ts';
import { type BuildOptions, buildOnce } from '../machine/build-once.ts';
import { ensureSystemPackages, guestPackages, rootfsPackages } from '../machine/system-packages.ts';
import { run } from '../run.ts';

/** What a guest has beside what the lab's other hosts have. */
const packages = [...serverPackages, 'qemu-guest-agent'];

/** Consoles that nobody looks at, and what a server without them and without such programs can do without. */
const idleUnits = [
  'getty@tty1.service',
  'serial-getty@ttyS0.service',
  'modprobe@dm_mod.service',
  'modprobe@drm.service',
  'modprobe@efi_pstore.service',
  'modprobe@fuse.service',
  'modprobe@loop.service',
  'proc-sys-fs-binfmt_misc.automount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'systemd-binfmt.service',
  'systemd-update-utmp-runlevel.service',
  'systemd-update-utmp.service',
];
const maskedUnits = [...housekeepingUnits, ...idleUnits];

/** Drop-ins of ours: name in image/, and the unit or network file that it adds to. */
const dropIns = [
  { source: 'quiet-agent.conf', target: 'etc/systemd/system/qemu-guest-agent.service.d' },
  // What cloud-init makes of a host's network-config, by the name that its kernel gives the only cable.
  { source: 'no-router.conf', target: 'etc/systemd/network/10-cloud-init-eth0.network.d' },
] as const;

/** Sparse: room for images and volumes that costs what is written to it. */
const sizeBytes = 16 * 1024 ** 3;

/** Raised when what is done to the tree changes without a change of the lists above. */
const recipeRevision = 1;

export interface GuestImage {
  /** A raw ext4 file system without partitions. */
  readonly disk: string;
  readonly kernel: string;
}

/** Returns the image, building it when its recipe is new. */
export async function buildGuestImage(options: BuildOptions): Promise<GuestImage> {
  const { log, signal } = options;
  if (process.arch !== 'x64')
    throw new Error('hosts with a kernel of their own need an x86_64 machine');
  await ensureSystemPackages({ packages: guestPackages, log, signal });
  const make = async (draft: string): Promise<void> => {
    await ensureSystemPackages({ packages: rootfsPackages, log, signal });
    await mkdir(draft);
    await build(draft, signal);
  };
  const title = 'the disk of hosts with a kernel of their own';
  const recipe = {
    ...{ name: 'guest-image', digest: await recipeDigest(), title, aboutSeconds: 60 },
    make,
  };
  const target = await buildOnce(recipe, options);
  return { disk: join(target, 'disk.img'), kernel: join(target, 'vmlinuz') };
}

async function build(draft: string, signal: AbortSignal | undefined): Promise<void> {
  const root = join(draft, 'root');
  const kernel = join(draft, 'kernel');
  const fetch = `--customize-hook="${ownFile('fetch-kernel')}" "$1" "${kernel}"`;
  const include = `--include=${packages.join(',')}`;
  const variant = ['--quiet', '--variant=minbase'];
  await run([...outOfSight, 'mmdebstrap', ...variant, include, fetch, suite, root], { signal });
  await addKernel(root, kernel);
  await prepare(root);
  const disk = join(draft, 'disk.img');
  await writeFile(disk, '');
  await truncate(disk, sizeBytes);
  // Tables that ext4 would write later cost a slow guest more than this machine; the file has holes
  // where nothing is, so there is nothing to discard.
  const extended = ['-E', 'lazy_itable_init=0,nodiscard'];
  await run(['mkfs.ext4', '-q', '-F', '-L', 'root', '-m', '0', ...extended, '-d', root, disk], {
    signal,
  });
  const [release] = await readdir(modulesIn(kernel));
  await copyFile(join(kernel, 'boot', `vmlinuz-${release}`), join(draft, 'vmlinuz'));
  for (const path of [root, kernel]) await rm(path, { recursive: true, force: true });
}

const modulesIn = (tree: string): string => join(tree, 'lib/modules');

async function addKernel(root: string, kernel: string): Promise<void> {
  const [release = ''] = await readdir(modulesIn(kernel));
  const target = join(root, 'usr/lib/modules');
  await mkdir(target, { recursive: true });
  await run(['cp', '-a', join(modulesIn(kernel), release), target]);
  await copyFile(
    join(kernel, 'boot', `config-${release}`),
    join(root, 'boot', `config-${release}`),
  );
  await run(['chroot', root, 'depmod', '-a', release]);
}

async function prepare(root: string): Promise<void> {
  await copyFile(ownFile('10-lab.cfg'), join(root, 'etc/cloud/cloud.cfg.d/10-lab.cfg'));
  await chmod(join(root, 'etc/cloud/cloud.cfg.d/10-lab.cfg'), 0o644);
  // Places that a guest's own files are written to while nothing has its disk mounted.
  await mkdir(join(root, 'var/lib/cloud/seed/nocloud'), { recursive: true });
  await writeFile(join(root, 'etc/fstab'), 'LABEL=root / ext4 defaults 0 1\n');
  const units = join(root, 'etc/systemd/system');
  await run(['chroot', root, 'systemctl', 'enable', '--quiet', 'systemd-networkd.service']);
  for (const unit of maskedUnits) await replaceByLink('/dev/null', join(units, unit));
  for (const { source, target } of dropIns) {
    const directory = join(root, target);
    await mkdir(directory, { recursive: true });
    await copyFile(ownFile(source), join(directory, source));
    await chmod(join(directory, source), 0o644);
  }
  await removeIdentity(root);
}

async function recipeDigest(): Promise<string> {
  const hash = createHash('sha256');
  const lists = { suite, packages, sizeBytes, maskedUnits, dropIns, recipeRevision };
  hash.update(JSON.stringify(lists));
  const files = ['10-lab.cfg', 'fetch-kernel', ...dropIns.map(({ source }) => source)];
  for (const name of files) hash.update(await readFile(ownFile(name)));
  return hash.digest('hex').slice(0, 16);
}

function ownFile(name: string): string {
  return fileURLToPath(new URL(`image/${name}`, import.meta.url));
}
