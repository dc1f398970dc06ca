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
  const [loaded, filesystems, builtin, dependencies, config] = await Promise.all([
    host.readFile('/proc/modules'),
    host.readFile('/proc/filesystems'),
    host.readFile(`/lib/modules/${release}/modules.builtin`),
    host.readFile(`/lib/modules/${release}/modules.dep`),
    readKernelConfig(host, release),
  ]);
  const lists = {
    loaded: namesIn(loaded, /^(\S+) /gm),
    builtin: namesIn(builtin, /([^/\n]+)\.ko$/gm),
    loadable: namesIn(dependencies, /^(?:[^\n:]*\/)?([^/\n:]+)\.ko[^:\n]*:/gm),
    hasLoadable: dependencies !== null,
    filesystems: filesystems ?? '',
    config,
  };
  const states = await Promise.all(names.map((name) => stateOf(host, name, lists)));
  return new Map(names.map((name, index) => [name, states[index] ?? 'unknown']));
}

interface ModuleLists {
  readonly loaded: ReadonlySet<string>;
  readonly builtin: ReadonlySet<string>;
  readonly loadable: ReadonlySet<string>;
  readonly hasLoadable: boolean;
  readonly filesystems: string;
  readonly config: string | null;
}

async function stateOf(host: Host, given: string, lists: ModuleLists): Promise<ModuleState> {
  const name = given.replaceAll('-', '_');
  if (lists.loaded.has(name)) return 'loaded';
  if (lists.builtin.has(name)) return 'builtin';
  if (name === 'overlay' && /\boverlay$/m.test(lists.filesystems)) return 'builtin';
  if ((await host.stat(`/sys/module/${name}/initstate`)) !== null) return 'loaded';
  // Without initstate it is part of the kernel: only its parameters are listed.
  if ((await host.stat(`/sys/module/${name}`)) !== null) return 'builtin';
  const proof = evidence[name];
  if (proof !== undefined && (await host.stat(proof)) !== null) return 'builtin';
  if (lists.loadable.has(name)) return 'loadable';
  const setting = configured(lists.config, options[name]);
  if (setting === 'y') return 'builtin';
  if (lists.hasLoadable) return 'missing';
  if (setting === 'm') return 'loadable';
  return setting === 'off' ? 'missing' : 'unknown';
}

/** The kernel's configuration as text; null when the host does not show it. */
export async function readKernelConfig(host: Host, release: string): Promise<string | null> {
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
