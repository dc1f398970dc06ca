// What some images have below their program: tools extracted from Debian packages that are never
// configured, so the links and users that their installation would have made are added here.
import { createHash } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists } from '../machine/exists.ts';
import { run } from '../run.ts';
import { readTree, type TarEntry } from './tar.ts';

const suite = 'bookworm';

interface ImageBase {
  readonly packages: readonly string[];
  readonly added: readonly TarEntry[];
}

const xtablesNames = ['iptables', 'ip6tables'].flatMap((name) => [
  name,
  `${name}-save`,
  `${name}-restore`,
]);

/** What a manifest's init container may call. */
const shellNames = ['sh', 'cat', 'cp', 'ls', 'mkdir', 'mv', 'rm', 'sleep', 'true'];

const users = [
  { name: 'root', group: 'root', id: 0 },
  { name: 'www-data', group: 'www-data', id: 33 },
  { name: 'nginx', group: 'nginx', id: 101 },
  { name: 'nobody', group: 'nogroup', id: 65534 },
];

const bases: Readonly<Record<'network-tools' | 'nginx', ImageBase>> = {
  'network-tools': {
    packages: ['busybox-static', 'conntrack', 'ipset', 'iptables', 'kmod', 'nftables'],
    added: [
      ...xtablesNames.map((name) => link(`usr/sbin/${name}`, 'xtables-nft-multi')),
      ...shellNames.map((name) => link(`bin/${name}`, 'busybox')),
    ],
  },
  nginx: {
    packages: ['libnginx-mod-stream', 'nginx-light'],
    added: [
      // nobody is the server's own default, nginx the user of the official image.
      text('etc/passwd', users.map(({ name, id }) => passwdLine(name, id)).join('')),
      text('etc/group', users.map(({ group, id }) => `${group}:x:${id}:\n`).join('')),
      { kind: 'directory', path: 'run' },
      { kind: 'directory', path: 'tmp' },
    ],
  },
};

/** Parts of packages that no program reads. */
const documentation =
  /^usr\/share\/(doc|doc-base|info|lintian|locale|man|bash-completion|bug)(\/|$)/;
/** What the extraction leaves of the package manager, of its devices and of this machine. */
const litter =
  /^(dev|proc|sys|etc\/(apt|dpkg|ufw|hosts?|hostname|resolv\.conf|fstab)|var\/(cache|lib\/(apt|dpkg)|log\/apt))(\/|$)/;

export type BaseName = keyof typeof bases | 'empty';

/** What of an image's content is decided here, for the key under which the image is cached. */
export function baseDigest(name: BaseName): string {
  if (name === 'empty') return name;
  const parts = [suite, bases[name], String(documentation), String(litter)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** Extracts the base's packages into the cache, once, and returns its entries. */
export async function readImageBase(
  name: BaseName,
  options: { readonly cacheDir: string; readonly signal?: AbortSignal | undefined },
): Promise<readonly TarEntry[]> {
  if (name === 'empty') return [];
  const { packages, added } = bases[name];
  const root = join(options.cacheDir, 'image-base', `${name}-${baseDigest(name)}`);
  if (!(await exists(root))) {
    const draft = `${root}.draft`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(dirname(draft), { recursive: true });
    const include = `--include=${packages.join(',')}`;
    const command = ['mmdebstrap', '--quiet', '--variant=extract', include, suite, draft];
    await run(command, { signal: options.signal });
    await rename(draft, root);
  }
  const addedPaths = new Set(added.map(({ path }) => path));
  const entries = (await readTree(root)).filter(
    ({ path }) => !documentation.test(path) && !litter.test(path) && !addedPaths.has(path),
  );
  return [...entries, ...added];
}

function passwdLine(name: string, id: number): string {
  return `${name}:x:${id}:${id}:${name}:/:/bin/false\n`;
}

function link(path: string, target: string): TarEntry {
  return { kind: 'link', path, target };
}

function text(path: string, content: string): TarEntry {
  return { kind: 'text', path, text: content, mode: 0o644 };
}
