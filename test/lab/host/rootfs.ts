// The root file system that every host of every lab has as its lower layer: a small Debian server
// with systemd and cloud-init, and nothing of Kubernetes. Built once per content of its recipe and
// then only read.
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, buildOnce } from '../machine/build-once.ts';
import { ensureSystemPackages, rootfsPackages } from '../machine/system-packages.ts';
import { run } from '../run.ts';

export const suite = 'bookworm';

/** What a server has, whatever it will be for. */
export const serverPackages = [
  'ca-certificates',
  'cloud-init',
  'conntrack',
  'curl',
  'dbus',
  'e2fsprogs',
  'ethtool',
  'iproute2',
  'iptables',
  'iputils-ping',
  'kmod',
  'libstdc++6',
  'mount',
  'nftables',
  'procps',
  'socat',
  'systemd',
  'systemd-sysv',
  'udev',
  'util-linux',
];

/** Files of ours in the image: name beside this module, place in the image, mode. */
const ownFiles = [
  { source: 'lab-fixes', target: '/usr/lib/lab/lab-fixes', mode: 0o755 },
  { source: 'lab-fixes.service', target: '/etc/systemd/system/lab-fixes.service', mode: 0o644 },
  { source: '10-lab.cfg', target: '/etc/cloud/cloud.cfg.d/10-lab.cfg', mode: 0o644 },
] as const;

/** Units that reach for a network that is not there, or look after a disk that lives for an hour. */
export const housekeepingUnits = [
  'apt-daily-upgrade.timer',
  'apt-daily.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
];

/**
 * These, and units that would touch the machine below (its disk is ours too), or wait for a network
 * manager that a host of the lab does not have.
 */
const maskedUnits = [
  ...housekeepingUnits,
  'systemd-networkd-wait-online.service',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'systemd-udev-settle.service',
  // Asks the kernel to announce every device of the machine again, in every host at each boot.
  'systemd-udev-trigger.service',
];

/** Kernel settings of the distribution that would change the machine below at each boot. */
const maskedSettings = ['50-pid-max.conf', '99-protect-links.conf'];

/**
 * Runs a program whose mounts the machine never sees: those of a build that is killed would stay, and
 * whoever removed its half-made tree would remove what is mounted in it.
 */
export const outOfSight = ['unshare', '--mount', '--propagation=private'] as const;

/** Raised when prepare() changes what it does without a change of the lists above. */
const recipeRevision = 1;

/** Returns the directory of the root file system, building it when its recipe is new. */
export async function buildRootfs(options: BuildOptions): Promise<string> {
  const { log, signal } = options;
  const make = async (draft: string): Promise<void> => {
    await ensureSystemPackages({ packages: rootfsPackages, log, signal });
    const include = `--include=${serverPackages.join(',')}`;
    const variant = ['--quiet', '--variant=minbase'];
    await run([...outOfSight, 'mmdebstrap', ...variant, include, suite, draft], { signal });
    await prepare(draft);
  };
  const title = 'the root file system of the hosts';
  const recipe = { name: 'rootfs', digest: await recipeDigest(), title, aboutSeconds: 40, make };
  return buildOnce(recipe, options);
}

async function recipeDigest(): Promise<string> {
  const hash = createHash('sha256');
  const lists = {
    suite,
    packages: serverPackages,
    ownFiles,
    maskedUnits,
    maskedSettings,
    recipeRevision,
  };
  hash.update(JSON.stringify(lists));
  for (const file of ownFiles) hash.update(await readFile(ownFilePath(file.source)));
  return hash.digest('hex').slice(0, 16);
}

async function prepare(root: string): Promise<void> {
  for (const file of ownFiles) {
    const target = join(root, file.target);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(ownFilePath(file.source), target);
    await chmod(target, file.mode);
  }
  const header = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
  await writeFile(join(root, 'usr/lib/lab/swaps'), header);
  const units = join(root, 'etc/systemd/system');
  await mkdir(join(units, 'sysinit.target.wants'), { recursive: true });
  await symlink('../lab-fixes.service', join(units, 'sysinit.target.wants/lab-fixes.service'));
  for (const unit of maskedUnits) await replaceByLink('/dev/null', join(units, unit));
  for (const name of maskedSettings) {
    await replaceByLink('/dev/null', join(root, 'etc/sysctl.d', name));
  }
  await removeIdentity(root);
}

/** Identity belongs to a host; an image that has one would share it. */
export async function removeIdentity(root: string): Promise<void> {
  for (const path of ['etc/machine-id', 'etc/hostname', 'var/lib/dbus/machine-id']) {
    await rm(join(root, path), { force: true });
  }
}

export async function replaceByLink(target: string, path: string): Promise<void> {
  await rm(path, { force: true });
  await symlink(target, path);
}

function ownFilePath(name: string): string {
  return fileURLToPath(new URL(`rootfs/${name}`, import.meta.url));
}
