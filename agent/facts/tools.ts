// Base programs that Kubernetes calls, looked for where the agent's own commands look.
import { PROGRAM_PATH } from '../host/exec.ts';
import type { Host } from '../host/host.ts';
import type { ProbeSources } from './probe.ts';

const toolsAsked = [
  'ip',
  'iptables',
  'mount',
  'nsenter',
  'systemctl',
  'ethtool',
  'socat',
  'tc',
  'conntrack',
  'ebtables',
  'touch',
  'curl',
] as const;

export async function tools({
  host,
}: ProbeSources): Promise<Readonly<Record<string, string | null>>> {
  const found = await Promise.all(
    toolsAsked.map(async (name) => [name, await findProgram(host, name)] as const),
  );
  return Object.fromEntries(found);
}

/** The first file or link of that name in the directories of PROGRAM_PATH. */
export async function findProgram(host: Host, name: string): Promise<string | null> {
  for (const directory of PROGRAM_PATH.split(':')) {
    const path = `${directory}/${name}`;
    const stat = await host.stat(path);
    if (stat === null || stat.kind === 'directory' || stat.kind === 'other') continue;
    if (stat.kind === 'file' && (stat.mode & 0o111) === 0) continue;
    return path;
  }
  return null;
}

const proxies = ['http_proxy', 'https_proxy', 'all_proxy'];

/** Names only, since values can hold passwords. NO_PROXY counts only beside a proxy. */
export function proxyEnvironment({ machine }: ProbeSources): readonly string[] {
  const set = Object.entries(machine.environment())
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name]) => name)
    .sort();
  if (!set.some((name) => proxies.includes(name.toLowerCase()))) return [];
  return set.filter((name) => [...proxies, 'no_proxy'].includes(name.toLowerCase()));
}
