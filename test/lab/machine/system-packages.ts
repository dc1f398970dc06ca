// Programs that the lab needs of the machine, and the Debian packages that bring them.
// Missing ones are installed with apt when we are root, and that is said; anything else ends in one
// sentence with the command that mends it.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheDir } from '../paths.ts';
import { run } from '../run.ts';
import { withLock } from './lock.ts';

/** A file whose presence shows that a package is there. */
export interface SystemPackage {
  readonly name: string;
  readonly provides: readonly string[];
}

/** What booting a host takes. */
export const hostPackages: readonly SystemPackage[] = [
  { name: 'systemd-container', provides: ['/usr/bin/systemd-nspawn'] },
  { name: 'iproute2', provides: ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'] },
  { name: 'util-linux', provides: ['/usr/bin/nsenter'] },
];

/** What a host with a kernel of its own takes. */
export const guestPackages: readonly SystemPackage[] = [
  { name: 'qemu-system-x86', provides: ['/usr/bin/qemu-system-x86_64'] },
  { name: 'e2fsprogs', provides: ['/usr/sbin/debugfs', '/sbin/debugfs'] },
];

/** What making a root file system takes. */
export const rootfsPackages: readonly SystemPackage[] = [
  { name: 'mmdebstrap', provides: ['/usr/bin/mmdebstrap'] },
  {
    name: 'debian-archive-keyring',
    provides: ['/usr/share/keyrings/debian-archive-keyring.gpg'],
  },
];

/** What building the artifacts takes beside Go: two of them are linked against C libraries. */
export const compilerPackages: readonly SystemPackage[] = [
  { name: 'gcc', provides: ['/usr/bin/gcc'] },
  { name: 'libc6-dev', provides: ['/usr/lib/x86_64-linux-gnu/libc.a', '/usr/lib/libc.a'] },
  {
    name: 'libseccomp-dev',
    provides: ['/usr/lib/x86_64-linux-gnu/libseccomp.a', '/usr/lib/libseccomp.a'],
  },
  { name: 'pkg-config', provides: ['/usr/bin/pkg-config'] },
];

export interface EnsurePackagesOptions {
  readonly packages: readonly SystemPackage[];
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Makes sure that every package's file is there, installing what is missing. */
export async function ensureSystemPackages(options: EnsurePackagesOptions): Promise<void> {
  const missing = await missingOf(options.packages);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !(await anyExists(['/usr/bin/apt-get']))) {
    const command = installing(missing).join(' ');
    throw new Error(`the lab needs ${missing.join(', ')}; as root, run: ${command}`);
  }
  // Two that install at once would meet in a lock of apt's own, which does not wait.
  const path = join(defaultCacheDir(), 'packages.lock');
  await withLock({ path, log: options.log, signal: options.signal }, () => install(options));
}

async function install({ packages, log, signal }: EnsurePackagesOptions): Promise<void> {
  const missing = await missingOf(packages);
  if (missing.length === 0) return;
  log(`installing system packages: ${missing.join(' ')}`);
  const apt = { extraEnv: { DEBIAN_FRONTEND: 'noninteractive' }, signal };
  try {
    await run(installing(missing), apt);
  } catch {
    // The package lists of a fresh machine are often missing or too old.
    await run(['apt-get', 'update'], apt);
    await run(installing(missing), apt);
  }
}

const installing = (names: readonly string[]): readonly string[] => [
  ...['apt-get', 'install', '-y', '--no-install-recommends'],
  ...names,
];

async function missingOf(packages: readonly SystemPackage[]): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const { name, provides } of packages) {
    if (!(await anyExists(provides))) missing.push(name);
  }
  return missing;
}

async function anyExists(paths: readonly string[]): Promise<boolean> {
  for (const path of paths) {
    try {
      await access(path);
      return true;
    } catch {
      // Another of the paths may do.
    }
  }
  return false;
}
