// The address Kubernetes uses for a host (S1-19): the operator's word first, then the pool's
// interface or range, then the source address of the default route. Never "the first interface".

import { rangeContains } from '../../shared/ipv4.ts';
import { type AddressFact, isHostInterface, type NodeFacts } from '../../shared/model/facts.ts';
import type { ClusterSpec, PoolSpec } from '../spec/cluster-spec.ts';

/** Null when no address fits; preflight says so. */
export function nodeAddress(
  facts: NodeFacts,
  name: string,
  where: { readonly spec: ClusterSpec; readonly pool: PoolSpec },
): string | null {
  const given = where.spec.hosts[name]?.nodeAddress;
  if (given !== undefined) return given;
  const candidates = hostAddresses(facts);
  const { interface: wanted, range } = where.pool.nodeAddress;
  if (wanted !== undefined)
    return candidates.find((entry) => entry.interface === wanted)?.address ?? null;
  if (range !== undefined) {
    return candidates.find((entry) => rangeContains(range, entry.address))?.address ?? null;
  }
  return defaultRouteAddress(facts, candidates) ?? candidates[0]?.address ?? null;
}

/** IPv4 addresses of the host's own interfaces: no loopback, no pod networks. */
export function hostAddresses(facts: NodeFacts): readonly AddressFact[] {
  if (facts.addresses === 'unknown') return [];
  return facts.addresses.filter(
    (entry) =>
      entry.family === 'ipv4' &&
      isHostInterface(entry.interface) &&
      !entry.address.startsWith('169.254.'),
  );
}

function defaultRouteAddress(facts: NodeFacts, candidates: readonly AddressFact[]): string | null {
  if (facts.routes === 'unknown') return null;
  const route = facts.routes.find((entry) =>
    ['default', '0.0.0.0/0', '0.0.0.0'].includes(entry.destination),
  );
  if (route === undefined) return null;
  if (route.source !== null) return route.source;
  return candidates.find((entry) => entry.interface === route.interface)?.address ?? null;
}
