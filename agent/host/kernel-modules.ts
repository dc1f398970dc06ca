// What the kernel can do, by module name: loaded, built in, loadable or missing. Read from files only.
// A kernel may have no /lib/modules at all (a container, a kernel without modules): then what it shows
// to work, and its configuration, count. `unknown` is an answer: missing is said only when it is sure.
import { gunzipSync } from 'node:zlib';
import type { Host } from './host.ts';

export type ModuleState = 'loaded' | 'builtin' | 'loadable' | 'missing' | 'unknown';

/** Files that exist only when the module works. */
const evidence: Readonly<Record<string, string>> = {
  br_netfilter: '/proc/sys/net/bridge/bridge-nf-call-iptables',
  nf_conntrack: '/proc/sys/net/netfilter/nf_conntrack_max',
  ip_vs: '/proc/net/ip_vs',
};

/** Kernel options by module name. */
const options: Readonly<Record<string, string>> = {
  overlay: 'OVERLAY_FS',
  br_netfilter: 'BRIDGE_NETFILTER',
  nf_conntrack: 'NF_CONNTRACK',
  nf_tables: 'NF_TABLES',
  vxlan: 'VXLAN',
  ip_vs: 'IP_VS',
  ip_vs_rr: 'IP_VS_RR',
  ip_vs_wrr: 'IP_VS_WRR',
  ip_vs_sh: 'IP_VS_SH',
  dummy: 'DUMMY',
  wireguard: 'WIREGUARD',
};

export async function readModuleStates(
  host: Host,
  names: readonly string[],
): Promise<ReadonlyMap<string, ModuleState>> {
  const release = (await host.readFile('/proc/sys/kernel/osrelease'))?.trim() ?? '';
  const [loaded, filesystems, builtin, dependencies] = await Promise.all([
    readOrNull(host, '/proc/modules'),
    readOrNull(host, '/proc/filesystems'),
    readOrNull(host, `/lib/modules/${release}/modules.builtin`),
    readOrNull(host, `/lib/modules/${release}/modules.dep`),
  ]);
  let config: Promise<string | null> | null = null;
  const lists = {
    loaded: namesIn(loaded, /^(\S+) /gm),
    builtin: namesIn(builtin, /([^/\n]+)\.ko$/gm),
    loadable: namesIn(dependencies, /^(?:[^\n:]*\/)?([^/\n:]+)\.ko[^:\n]*:/gm),
    hasBoth: builtin !== null && dependencies !== null,
    filesystems: filesystems ?? '',
    config: () => {
      config ??= readKernelConfig(host, release).catch(() => null);
      return config;
    },
  };
  const states = await Promise.all(names.map((name) => stateOf(host, name, lists)));
  return new Map(names.map((name, index) => [name, states[index] ?? 'unknown']));
}

interface ModuleLists {
  readonly loaded: ReadonlySet<string>;
  readonly builtin: ReadonlySet<string>;
  readonly loadable: ReadonlySet<string>;
  /** The lists of all modules there are. */
  readonly hasBoth: boolean;
  readonly filesystems: string;
  /** Read once, when nothing else decides: it is compressed and seldom needed. */
  readonly config: () => Promise<string | null>;
}

async function stateOf(host: Host, given: string, lists: ModuleLists): Promise<ModuleState> {
  const name = given.replaceAll('-', '_');
  if (lists.loaded.has(name)) return 'loaded';
  if (lists.builtin.has(name)) return 'builtin';
  if (name === 'overlay' && /\boverlay$/m.test(lists.filesystems)) return 'builtin';
  if (await isThere(host, `/sys/module/${name}/initstate`)) return 'loaded';
  // Without initstate it is part of the kernel: only its parameters are listed.
  if (await isThere(host, `/sys/module/${name}`)) return 'builtin';
  const proof = evidence[name];
  if (proof !== undefined && (await isThere(host, proof))) return 'builtin';
  if (lists.loadable.has(name)) return 'loadable';
  if (lists.hasBoth) return 'missing';
  const setting = configured(await lists.config(), options[name]);
  if (setting === 'y') return 'builtin';
  if (setting === 'm') return 'loadable';
  return setting === 'off' ? 'missing' : 'unknown';
}

/** What may not be looked at shows nothing. */
const readOrNull = (host: Host, path: string): Promise<string | null> =>
  host.readFile(path).catch(() => null);
const isThere = async (host: Host, path: string): Promise<boolean> =>
  (await host.stat(path).catch(() => null)) !== null;

/** The kernel's configuration as text; null when the host does not show it. */
async function readKernelConfig(host: Host, release: string): Promise<string | null> {
  if ((await host.stat('/proc/config.gz')) !== null) {
    const pieces: Uint8Array[] = [];
    for await (const piece of host.readChunks('/proc/config.gz')) pieces.push(piece);
    return gunzipSync(Buffer.concat(pieces)).toString('utf8');
  }
  const boot = await host.readFile(`/boot/config-${release}`);
  return boot ?? (await host.readFile(`/lib/modules/${release}/config`));
}

function configured(config: string | null, option: string | undefined): 'y' | 'm' | 'off' | null {
  if (config === null || option === undefined) return null;
  const match = new RegExp(`^CONFIG_${option}=([ym])$`, 'm').exec(config);
  return match === null ? 'off' : (match[1] as 'y' | 'm');
}

function namesIn(text: string | null, pattern: RegExp): ReadonlySet<string> {
  const found = [...(text ?? '').matchAll(pattern)].map((match) => match[1] ?? '');
  return new Set(found.map((name) => name.replaceAll('-', '_')));
}
