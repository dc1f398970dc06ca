// Whether a host that wants to join looks like one that is there already: two machines made from one
// image, or one machine with two keys. Pure. The second one is refused; the first is not touched. What a
// member has is what it showed when it joined: what it claims later keeps nobody out.
import type { NodeFacts } from '../../shared/model/facts.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import { heldAddresses, isMeaningful, originOf } from '../identity/origin.ts';
import type { Origin } from '../store/identity-record.ts';
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
const keepsItsPlace: Readonly<Record<IdentityState, boolean>> = {
  active: true,
  locked: true,
  retired: false,
  evicted: false,
  banned: false,
};

export const holdsItsPlace = (node: NodeRecord): boolean =>
  keepsItsPlace[node.state] || isLeaving(node);

/** It was removed, and a Node object of its name is still in the cluster. */
export const isLeaving = ({ state, applied, isGone }: NodeRecord): boolean =>
  state === 'retired' && applied.node !== undefined && isGone !== true;

export function findDuplicate(
  candidate: Candidate,
  nodes: readonly NodeRecord[],
  facts: ReadonlyMap<string, FactsRecord>,
): Duplicate | null {
  const ours = originOf(candidate.facts);
  for (const other of nodes) {
    if (other.id === candidate.nodeId || !holdsItsPlace(other)) continue;
    const found = compare(
      { ...ours, name: candidate.name },
      other,
      facts.get(other.id)?.facts ?? null,
    );
    if (found !== null) return { ...found, other };
  }
  return null;
}

function compare(
  ours: Origin & { readonly name: string },
  other: NodeRecord,
  reported: NodeFacts | null,
): Omit<Duplicate, 'other'> | null {
  const { name } = other;
  const gone = `if ${name} is gone for good, \`coordinator node remove ${name}\``;
  if (ours.name === name && isLeaving(other)) {
    const mend = `it tries again by itself: ${name} is being removed, and is gone when a master has deleted its Node object`;
    return { field: 'node name', value: name, mend };
  }
  if (ours.name === name) {
    const anew = `if this is ${name} made anew, \`coordinator node approve ${name} --yes\` lets it take that place`;
    const mend = `give this host another name (nodeName in /etc/muster/agent.json, or its hostname); ${anew}; ${gone}`;
    return { field: 'node name', value: ours.name, mend };
  }
  const theirs = other.origin ?? (reported === null ? null : originOf(reported));
  if (theirs === null) return null;
  if (ours.machineId === theirs.machineId && isMeaningful(ours.machineId ?? 'unknown')) {
    const mend = `give this host its own: rm /etc/machine-id && systemd-machine-id-setup, then reboot; ${gone}`;
    return { field: 'machine-id', value: ours.machineId ?? '', mend };
  }
  if (ours.productUuid === theirs.productUuid && isMeaningful(ours.productUuid)) {
    const mend = `give this machine its own UUID in its hypervisor or firmware; ${gone}`;
    return { field: 'product uuid', value: ours.productUuid, mend };
  }
  if (ours.hostname === theirs.hostname && isMeaningful(ours.hostname)) {
    const mend = `give this host another one with hostnamectl set-hostname; ${gone}`;
    return { field: 'hostname', value: ours.hostname, mend };
  }
  const held = new Set(heldAddresses(other, reported));
  const shared = ours.addresses.find((address) => held.has(address));
  if (shared === undefined) return null;
  return { field: 'address', value: shared, mend: `give this host another address; ${gone}` };
}
