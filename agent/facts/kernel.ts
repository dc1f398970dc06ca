// The kernel and what it can do. A module is reported only with evidence: without /lib/modules (in a
// container, or under a kernel that has everything built in) nothing shows that a module is missing,
// so it is left out of the list, and preflight takes an absent one as "not shown".
import type { ModuleFact } from '../../shared/model/facts.ts';
import type { Host } from '../host/host.ts';
import { type ProbeSources, readOptional, readRequired } from './probe.ts';

export const modulesAsked = [
  'overlay',
  'br_netfilter',
  'nf_conntrack',
  'nf_tables',
  'vxlan',
  'ip_vs',
  'ip_vs_rr',
  'dummy',
] as const;

/** Directories that are there only while the module works, loaded or built in. */
const workingDirectories: Readonly<Record<string, string>> = {
  br_netfilter: '/proc/sys/net/bridge',
  nf_conntrack: '/proc/sys/net/netfilter',
  ip_vs: '/proc/sys/net/ipv4/vs',
};

export interface KernelFact {
  readonly release: string;
  /** Whether the kernel's build configuration can be read. */
  readonly config: 'found' | 'not-found';
}

export async function kernel({ host }: ProbeSources): Promise<KernelFact> {
  const release = await kernelRelease(host);
  const places = ['/proc/config.gz', `/boot/config-${release}`, `/lib/modules/${release}/config`];
  const found = await Promise.all(places.map((path) => host.stat(path).catch(() => null)));
  return { release, config: found.some((stat) => stat !== null) ? 'found' : 'not-found' };
}

export async function modules({ host }: ProbeSources): Promise<readonly ModuleFact[]> {
  const directory = `/lib/modules/${await kernelRelease(host)}`;
  const [loaded, builtin, dep, filesystems] = await Promise.all([
    readOptional(host, '/proc/modules'),
    readOptional(host, `${directory}/modules.builtin`),
    readOptional(host, `${directory}/modules.dep`),
    readOptional(host, '/proc/filesystems'),
  ]);
  const asked = await Promise.all(
    modulesAsked.map(async (name) => ({
      name,
      isWorking: await isWorking(host, { name, filesystems: filesystems ?? '' }),
    })),
  );
  const lists: ModuleLists = {
    loaded: parseProcModules(loaded ?? ''),
    builtin: builtin === null ? null : parseModuleFiles(builtin),
    loadable: dep === null ? null : parseModuleFiles(dep),
  };
  return asked.flatMap(({ name, isWorking }) => {
    const state = moduleState(name, { lists, isWorking });
    return state === null ? [] : [{ name, state }];
  });
}

export async function overlayfs(sources: ProbeSources): Promise<boolean> {
  const known = await modules(sources);
  const state = known.find(({ name }) => name === 'overlay')?.state;
  if (state === undefined) throw new Error('nothing shows whether overlayfs can be had');
  return state !== 'missing';
}

export interface ModuleLists {
  readonly loaded: ReadonlySet<string>;
  /** Null when the file is not there. */
  readonly builtin: ReadonlySet<string> | null;
  readonly loadable: ReadonlySet<string> | null;
}

/** Null when nothing shows it. */
export function moduleState(
  name: string,
  seen: { readonly lists: ModuleLists; readonly isWorking: boolean },
): ModuleFact['state'] | null {
  const { loaded, builtin, loadable } = seen.lists;
  if (loaded.has(name)) return 'loaded';
  if (builtin?.has(name) === true || seen.isWorking) return 'builtin';
  if (loadable?.has(name) === true) return 'loadable';
  return builtin === null || loadable === null ? null : 'missing';
}

export function parseProcModules(text: string): ReadonlySet<string> {
  const names = text.split('\n').map((line) => line.split(' ')[0] ?? '');
  return new Set(names.filter((name) => name !== ''));
}

/** modules.builtin has a path a line, modules.dep a path, a colon and what it needs. */
export function parseModuleFiles(text: string): ReadonlySet<string> {
  const files = text.matchAll(/^(?:[^\s:]*\/)?([^\s:/]+)\.ko(?:\.\w+)?(?=:|\s|$)/gm);
  return new Set([...files].map(([, name = '']) => name.replaceAll('-', '_')));
}

async function isWorking(
  host: Host,
  asked: { readonly name: string; readonly filesystems: string },
): Promise<boolean> {
  const { name, filesystems } = asked;
  if (name === 'overlay' && /\boverlay$/m.test(filesystems)) return true;
  const directories = [`/sys/module/${name}`, workingDirectories[name]];
  for (const directory of directories) {
    if (directory !== undefined && (await host.stat(directory).catch(() => null)) !== null)
      return true;
  }
  return false;
}

const kernelRelease = (host: Host): Promise<string> =>
  readRequired(host, '/proc/sys/kernel/osrelease');
