// Whether a host that wants to join looks like one that is there already: two machines made from one
// image, or one machine with two keys. Pure. The second one is refused; the first is not touched.
import { isHostInterface, type NodeFacts } from '../../shared/model/facts.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { FactsRecord, IdentityState, NodeRecord } from '../store/records.ts';

export interface Duplicate {
  /** What both have, as shown to people. */
  readonly field: 'node name' | 'hostname' | 'machine-id' | 'product uuid' | 'address';
  readonly value: string;
  readonly other: NodeRecord;
  readonly mend: string;
}

export interface Candidate {
  readonly nodeId: NodeId;
  readonly name: string;
  readonly facts: NodeFacts;
}

/** The name and the addresses of a host that has left are free again. */
const holdsItsPlace: Readonly<Record<IdentityState, boolean>> = {
  active: true,
  locked: true,
  retired: false,
  evicted: false,
  banned: false,
};

export function findDuplicate(
  candidate: Candidate,
  nodes: readonly NodeRecord[],
  facts: ReadonlyMap<string, FactsRecord>,
): Duplicate | null {
  for (const other of nodes) {
    if (other.id === candidate.nodeId || !holdsItsPlace[other.state]) continue;
    const found = compare(candidate, other, facts.get(other.id)?.facts ?? null);
    if (found !== null) return { ...found, other };
  }
  return null;
}

function compare(
  candidate: Candidate,
  other: NodeRecord,
  theirs: NodeFacts | null,
): Omit<Duplicate, 'other'> | null {
  const gone = `if ${other.name} is gone for good, remove it first`;
  if (candidate.name === other.name) {
    const mend = `give this host another name (nodeName in /etc/muster/agent.json, or its hostname); ${gone}`;
    return { field: 'node name', value: candidate.name, mend };
  }
  if (theirs === null) return null;
  const ours = candidate.facts;
  if (ours.machineId === theirs.machineId && isMeaningful(ours.machineId)) {
    const mend = `give this host its own: rm /etc/machine-id && systemd-machine-id-setup, then reboot; ${gone}`;
    return { field: 'machine-id', value: ours.machineId, mend };
  }
  if (ours.productUuid === theirs.productUuid && isMeaningful(ours.productUuid)) {
    const mend = `give this machine its own UUID in its hypervisor or firmware; ${gone}`;
    return { field: 'product uuid', value: ours.productUuid, mend };
  }
  if (ours.hostname === theirs.hostname && isMeaningful(ours.hostname)) {
    const mend = `give this host another one with hostnamectl set-hostname; ${gone}`;
    return { field: 'hostname', value: ours.hostname, mend };
  }
  const theirAddresses = new Set(hostAddresses(theirs));
  const shared = hostAddresses(ours).find((address) => theirAddresses.has(address));
  if (shared === undefined) return null;
  return { field: 'address', value: shared, mend: `give this host another address; ${gone}` };
}

/** Firmware of cheap boards and some hypervisors gives every machine one of these. */
const placeholders =
  /^(unknown|localhost(\.localdomain)?|[0f-]*|03000200-0400-0500-0006-000700080009)$/i;

const isMeaningful = (value: string): boolean => !placeholders.test(value.trim());

/** Addresses by which hosts are reached: no loopback, link-local or cluster-made interface. */
function hostAddresses(facts: NodeFacts): readonly string[] {
  if (facts.addresses === 'unknown') return [];
  return facts.addresses
    .filter((entry) => isHostInterface(entry.interface))
    .map((entry) => entry.address)
    .filter((address) => !/^(127\.|169\.254\.|fe80:|::1$)/i.test(address));
}
