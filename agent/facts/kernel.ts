// The kernel and what it can do. A module of which nothing is sure is left out of the list, and
// preflight takes an absent one as "not shown".
import type { ModuleFact } from '../../shared/model/facts.ts';
import type { Host } from '../host/host.ts';
import { readModuleStates } from '../host/kernel-modules.ts';
import { type ProbeSources, readRequired } from './probe.ts';

const modulesAsked = [
  'overlay',
  'br_netfilter',
  'nf_conntrack',
  'nf_tables',
  'vxlan',
  'ip_vs',
  'ip_vs_rr',
  'ip_vs_wrr',
  'ip_vs_sh',
  'dummy',
] as const;

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
  await kernelRelease(host); // without it nothing is known of modules
  const states = await readModuleStates(host, modulesAsked);
  return [...states].flatMap(([name, state]) => (state === 'unknown' ? [] : [{ name, state }]));
}

export async function overlayfs({ host }: ProbeSources): Promise<boolean> {
  await kernelRelease(host);
  const state = (await readModuleStates(host, ['overlay'])).get('overlay') ?? 'unknown';
  if (state === 'unknown') throw new Error('nothing shows whether overlayfs can be had');
  return state !== 'missing';
}

const kernelRelease = (host: Host): Promise<string> =>
  readRequired(host, '/proc/sys/kernel/osrelease');
