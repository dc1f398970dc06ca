// Addresses and IPv4 routes. What belongs to single pods is left out: it comes and goes all day, and
// nobody plans with it.
import type { AddressFact, RouteFact } from '../../shared/model/facts.ts';
import { type ProbeSources, readRequired } from './probe.ts';

const ofPods = /^(veth|cali|lxc|kube-ipvs)/;
const flagUp = 0x1;
const flagReject = 0x200;

export function addresses({ machine }: ProbeSources): readonly AddressFact[] {
  return machine.interfaces().filter((entry) => !ofPods.test(entry.interface));
}

export async function routes(sources: ProbeSources): Promise<readonly RouteFact[]> {
  const text = await readRequired(sources.host, '/proc/net/route');
  return parseRoutes(text, addresses(sources)).filter((route) => !ofPods.test(route.interface));
}

/** Default routes first, the one with the lowest metric before the others. */
export function parseRoutes(text: string, local: readonly AddressFact[]): readonly RouteFact[] {
  const entries = text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [name, destination = '', gateway = '', flags = '', , , metric, mask = ''] = fields;
    const set = Number.parseInt(flags, 16);
    if (name === undefined || !/^[0-9A-F]{8}$/i.test(destination) || Number.isNaN(set)) return [];
    if ((set & flagUp) === 0 || (set & flagReject) !== 0) return [];
    const via = gateway === '00000000' ? null : ipv4FromHex(gateway);
    const prefix = prefixOf(mask);
    const isDefault = prefix === 0 && destination === '00000000';
    const route: RouteFact = {
      destination: isDefault ? 'default' : `${ipv4FromHex(destination)}/${prefix}`,
      gateway: via,
      interface: name,
      source: sourceFor(
        via ?? ipv4FromHex(destination),
        local.filter((entry) => entry.interface === name),
      ),
    };
    return [{ route, isDefault, metric: Number(metric) }];
  });
  entries.sort((a, b) => Number(b.isDefault) - Number(a.isDefault) || a.metric - b.metric);
  return entries.map(({ route }) => route);
}

/** The kernel's choice when a route names no source: the address on the next hop's network. */
function sourceFor(nextHop: string, local: readonly AddressFact[]): string | null {
  const candidates = local.filter((entry) => entry.family === 'ipv4');
  const near = candidates.find(({ address, prefix }) => {
    const bits = prefix === 0 ? 0 : (-1 << (32 - prefix)) >>> 0;
    return (numberOf(address) & bits) === (numberOf(nextHop) & bits);
  });
  return (near ?? candidates[0])?.address ?? null;
}

/** procfs prints an address as the machine's word: 0102A8C0 is 192.168.2.1 on every supported one. */
export function ipv4FromHex(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  return bytes
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
}

const numberOf = (address: string): number =>
  address.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);

function prefixOf(mask: string): number {
  const bits = Number.parseInt(mask, 16).toString(2);
  return bits.replaceAll('0', '').length;
}
