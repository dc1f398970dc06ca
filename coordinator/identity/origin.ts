// What of a host's facts says who it is, as it was when it joined. Members report facts again and again,
// and could claim anybody's: so what is held for a member is what it showed at its join, and only as
// long as it still reports it. Pure.
import { isHostInterface, type NodeFacts } from '../../shared/model/facts.ts';
import type { Origin } from '../store/identity-record.ts';
import type { NodeRecord } from '../store/records.ts';

/** More than any honest host is reached by; the rest is held for nobody. */
const addressesHeld = 16;

export function originOf(facts: NodeFacts): Origin {
  const { hostname, machineId, productUuid } = facts;
  return {
    hostname,
    machineId,
    productUuid,
    addresses: reachableAddresses(facts).slice(0, addressesHeld),
  };
}

/**
 * Addresses of the join that the host still reports; without a report, all of them. @param facts as it
 * reports them now
 */
export function heldAddresses(node: NodeRecord, facts: NodeFacts | null): readonly string[] {
  const reported = facts === null ? null : new Set(reachableAddresses(facts));
  const own = node.origin?.addresses ?? [...(reported ?? [])].slice(0, addressesHeld);
  return reported === null ? own : own.filter((address) => reported.has(address));
}

/** Addresses by which hosts are reached: no loopback, link-local or cluster-made interface. */
export function reachableAddresses(facts: NodeFacts): readonly string[] {
  if (facts.addresses === 'unknown') return [];
  return facts.addresses
    .filter((entry) => isHostInterface(entry.interface))
    .map((entry) => entry.address)
    .filter((address) => !/^(127\.|169\.254\.|fe80:|::1$)/i.test(address));
}

/** Firmware of cheap boards and some hypervisors gives every machine one of these. */
const placeholders =
  /^(unknown|localhost(\.localdomain)?|[0f-]*|03000200-0400-0500-0006-000700080009)$/i;

/** Says something about the one host that has it. */
export const isMeaningful = (value: string): boolean => !placeholders.test(value.trim());
