// TCP ports that something listens on. Who it is costs a walk over all processes, so that is asked
// only for ports Kubernetes needs, and only for sockets that were not seen before.
import type { PortFact } from '../../shared/model/facts.ts';
import { ipv4FromHex } from './network.ts';
import type { ProbeSources } from './probe.ts';

const portsNeeded: ReadonlySet<number> = new Set([
  6443, 10250, 10256, 10257, 10259, 2379, 2380, 9443,
]);

const stateListen = '0A';
/** More than this says nothing more, and would not fit into the facts. */
const portLimit = 1_000;

export interface ListeningSocket {
  readonly port: number;
  readonly address: string;
  readonly inode: string;
}

export async function ports(sources: ProbeSources): Promise<readonly PortFact[]> {
  const [tcp, tcp6] = await Promise.all([
    sources.host.readFile('/proc/net/tcp'),
    sources.host.readFile('/proc/net/tcp6'), // absent without IPv6
  ]);
  if (tcp === null) throw new Error('there is no /proc/net/tcp');
  const sockets = [...parseListening(tcp), ...parseListening(tcp6 ?? '')];
  await learnOwners(sources, sockets);
  const facts = sockets.map(({ port, address, inode }) => ({
    port,
    address,
    process: sources.memory.socketOwners.get(inode) ?? null,
  }));
  return distinct(facts).slice(0, portLimit);
}

async function learnOwners(
  { machine, memory }: ProbeSources,
  sockets: readonly ListeningSocket[],
): Promise<void> {
  const wanted = sockets.filter(({ port }) => portsNeeded.has(port)).map(({ inode }) => inode);
  const open = new Set(wanted);
  for (const inode of memory.socketOwners.keys())
    if (!open.has(inode)) memory.socketOwners.delete(inode);
  const unseen = wanted.filter((inode) => !memory.socketOwners.has(inode));
  if (unseen.length === 0) return;
  for (const [inode, name] of await machine.socketOwners(new Set(unseen)))
    memory.socketOwners.set(inode, name);
}

/** Lines of /proc/net/tcp or tcp6 in state LISTEN. */
export function parseListening(text: string): readonly ListeningSocket[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [address = '', port = ''] = fields[1]?.split(':') ?? [];
    const inode = fields[9];
    if (fields[3] !== stateListen || inode === undefined) return [];
    if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/i.test(address)) return [];
    return [{ port: Number.parseInt(port, 16), address: addressFromHex(address), inode }];
  });
}

function addressFromHex(hex: string): string {
  if (hex.length === 8) return ipv4FromHex(hex);
  const words = hex.match(/.{8}/g) ?? [];
  const mapped = /^0{16}FFFF0000(.{8})$/i.exec(hex)?.[1];
  if (mapped !== undefined) return `::ffff:${ipv4FromHex(mapped)}`;
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse()).join('');
  const groups = (bytes.match(/.{4}/g) ?? []).join(':');
  // The URL parser knows the short form of an IPv6 address.
  return new URL(`http://[${groups}]/`).hostname.slice(1, -1);
}

function distinct(facts: readonly PortFact[]): readonly PortFact[] {
  const seen = new Map(facts.map((fact) => [`${fact.port} ${fact.address}`, fact]));
  const byText = (a: string, b: string): number => Number(a > b) - Number(a < b);
  return [...seen.values()].sort((a, b) => a.port - b.port || byText(a.address, b.address));
}
