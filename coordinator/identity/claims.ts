// What members report now that they did not show when they joined, and that is another's: a host name, a
// product uuid or an address. It keeps nobody out; the one that claims it is shown. Pure.

import type { NodeFacts } from '../../shared/model/facts.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { NodeRecord } from '../store/records.ts';
import { heldAddresses, isMeaningful, originOf, reachableAddresses } from './origin.ts';

export interface Claim {
  readonly field: 'hostname' | 'product uuid' | 'address';
  readonly value: string;
  /** Name of the node whose it is. */
  readonly owner: string;
}

export interface Reporter {
  readonly record: NodeRecord;
  readonly facts: { readonly facts: NodeFacts } | null;
}

/** Nodes that claim nothing are not in it. */
export function claimsOf(nodes: readonly Reporter[]): ReadonlyMap<NodeId, readonly Claim[]> {
  const owners = new Map<string, NodeRecord>();
  for (const { record, facts } of nodes) {
    for (const key of ownKeys(record, facts?.facts ?? null)) {
      // Of two with the same, which only an operator can have let in, neither is the owner.
      if (!owners.has(key)) owners.set(key, record);
    }
  }
  const found = nodes.flatMap(({ record, facts }) => {
    if (facts === null || record.origin === undefined) return [];
    const own = new Set(ownKeys(record, facts.facts));
    const claims = keysOf(facts.facts)
      .filter(([key]) => !own.has(key))
      .flatMap(([key, field, value]) => {
        const owner = owners.get(key);
        return owner === undefined || owner.id === record.id
          ? []
          : [{ field, value, owner: owner.name }];
      });
    return claims.length === 0 ? [] : [[record.id, claims] as const];
  });
  return new Map(found);
}

type Key = readonly [key: string, field: Claim['field'], value: string];

function keysOf(facts: NodeFacts): readonly Key[] {
  const single: readonly Key[] = [
    [`hostname ${facts.hostname}`, 'hostname', facts.hostname],
    [`uuid ${facts.productUuid}`, 'product uuid', facts.productUuid],
  ];
  const addresses = reachableAddresses(facts).map(
    (address): Key => [`address ${address}`, 'address', address],
  );
  return [...single.filter(([, , value]) => isMeaningful(value)), ...addresses];
}

function ownKeys(record: NodeRecord, facts: NodeFacts | null): readonly string[] {
  const origin = record.origin ?? (facts === null ? null : originOf(facts));
  if (origin === null) return [];
  const { hostname, productUuid } = origin;
  return [
    ...(isMeaningful(hostname) ? [`hostname ${hostname}`] : []),
    ...(isMeaningful(productUuid) ? [`uuid ${productUuid}`] : []),
    ...heldAddresses(record, facts).map((address) => `address ${address}`),
  ];
}
