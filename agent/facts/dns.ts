// The name servers the host uses, and whether it knows its own name. /etc/hosts is asked before the
// network, and the network not for long.
import { isIP } from 'node:net';
import type { ProbeSources } from './probe.ts';

const lookupLimitMs = 1_000;

export interface DnsFact {
  readonly nameservers: readonly string[];
  readonly hostnameResolves: boolean;
}

export async function dns({ host, machine }: ProbeSources): Promise<DnsFact> {
  const name = machine.hostname();
  const [resolv, hosts] = await Promise.all([
    host.readFile('/etc/resolv.conf'),
    host.readFile('/etc/hosts'),
  ]);
  return {
    nameservers: parseNameservers(resolv ?? ''),
    hostnameResolves: hasHost(hosts ?? '', name) || (await machine.resolves(name, lookupLimitMs)),
  };
}

export function parseNameservers(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [, address = ''] = /^\s*nameserver\s+([^\s#;]+)/.exec(line) ?? [];
    return isIP(address.split('%')[0] ?? '') === 0 ? [] : [address];
  });
}

export function hasHost(text: string, name: string): boolean {
  const wanted = name.toLowerCase();
  return text.split('\n').some((line) => {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().toLowerCase().split(/\s+/);
    return isIP(address) !== 0 && names.includes(wanted);
  });
}
