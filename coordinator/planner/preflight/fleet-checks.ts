// What only the whole fleet shows: the etcd count, hosts that are the same twice, ranges that
// overlap, artifacts that are not there.

import { rangeContains, rangesOverlap } from '../../../shared/ipv4.ts';
import { artifactNamesFor } from '../../components/bill-of-materials.ts';
import { findArtifact } from '../../components/materials.ts';
import type { ClusterSpec } from '../../spec/cluster-spec.ts';
import { evenEtcdFault } from '../../spec/etcd-size.ts';
import { hostAddresses } from '../node-address.ts';
import type { Member, Topology } from '../topology.ts';
import type { ClusterView } from '../view.ts';
import type { PreflightFault } from './check.ts';

export interface FleetInputs {
  readonly view: ClusterView;
  readonly topology: Topology;
  /** Hosts that have not begun: only these are judged. */
  readonly fresh: readonly Member[];
}

export function fleetFaults({ view, topology, fresh }: FleetInputs): readonly PreflightFault[] {
  const { spec, name } = view.cluster;
  return [
    ...etcdCount(spec, name),
    ...rangesOfSpec(spec, name),
    ...(fresh.length === 0
      ? []
      : [
          ...rangesOfHosts(spec, fresh),
          ...sameTwice(topology.members, new Set(fresh)),
          ...artifactFaults(view, fresh),
        ]),
  ];
}

function etcdCount(spec: ClusterSpec, cluster: string): readonly PreflightFault[] {
  const size = spec.pools
    .filter((pool) => pool.roles.includes('etcd'))
    .reduce((sum, pool) => sum + (pool.size ?? 0), 0);
  const found = evenEtcdFault(size);
  if (found === null) return [];
  return [
    {
      check: 'etcd-count',
      node: cluster,
      severity: 'error',
      found,
      needed: 'an odd number',
      mend: 'set the size of the etcd pool to 1, 3 or 5',
    },
  ];
}

function rangesOfSpec(spec: ClusterSpec, cluster: string): readonly PreflightFault[] {
  const { pods, services } = spec.network;
  if (!rangesOverlap(pods, services)) return [];
  const found = `pods ${pods} and services ${services} overlap`;
  const mend = 'change network.pods or network.services';
  return [
    {
      check: 'ranges',
      node: cluster,
      severity: 'error',
      found,
      needed: 'ranges that do not meet',
      mend,
    },
  ];
}

function rangesOfHosts(spec: ClusterSpec, fresh: readonly Member[]): readonly PreflightFault[] {
  const ranges = [
    ['pods', spec.network.pods],
    ['services', spec.network.services],
  ] as const;
  return fresh.flatMap((member) =>
    hostAddresses(member.facts).flatMap((entry) =>
      ranges
        .filter(([, range]) => rangeContains(range, entry.address))
        .map(([name, range]) => ({
          check: 'ranges',
          node: member.name,
          severity: 'error' as const,
          found: `address ${entry.address} lies in the ${name} range ${range}`,
          needed: 'cluster ranges apart from the hosts’ networks',
          mend: `change network.${name} in the spec`,
        })),
    ),
  );
}

/**
 * Enrollment refuses these already; facts can change later, for example when a machine is cloned. Then
 * the one whose changed is the one that is named, whoever joined first.
 */
function sameTwice(
  members: readonly Member[],
  fresh: ReadonlySet<Member>,
): readonly PreflightFault[] {
  const keys = [
    [
      'hostname',
      'unique-hostname',
      (member: Member) => member.facts.hostname,
      ofOrigin('hostname'),
    ],
    [
      'machine-id',
      'unique-machine-id',
      (member: Member) => member.facts.machineId,
      ofOrigin('machineId'),
    ],
    [
      'product uuid',
      'unique-product-uuid',
      (member: Member) => member.facts.productUuid,
      ofOrigin('productUuid'),
    ],
    ['address', 'unique-address', (member: Member) => member.address, wasItsAddress],
  ] as const;
  return keys.flatMap(([what, check, keyOf, isOwn]) => {
    const owners = new Map<string, Member>();
    const [own, changed] = [members.filter(isOwn), members.filter((member) => !isOwn(member))];
    return [...own, ...changed].flatMap((member) => {
      const key = keyOf(member);
      const earlier = owners.get(key);
      if (key === 'unknown' || key === '') return [];
      if (earlier === undefined) owners.set(key, member);
      if (earlier === undefined || !fresh.has(member)) return [];
      return [
        {
          check,
          node: member.name,
          severity: 'error' as const,
          found: `the same ${what} as ${earlier.name} (${key})`,
          needed: `a ${what} of its own`,
          mend: `if ${member.name} is a clone, give it a new ${what} and join it again`,
        },
      ];
    });
  });
}

type TextOfOrigin = 'hostname' | 'machineId' | 'productUuid';

/** It had it when it joined, as far as is known. */
const ofOrigin =
  (field: TextOfOrigin) =>
  ({ node, facts }: Member): boolean => {
    const told = node.record.origin?.[field] ?? null;
    return told === null || told === facts[field];
  };

const wasItsAddress = ({ node, address }: Member): boolean =>
  node.record.origin?.addresses.includes(address) ?? true;

/** What is on its way is no fault: the hosts wait for it. */
function artifactFaults(view: ClusterView, fresh: readonly Member[]): readonly PreflightFault[] {
  const { lock, spec } = view.cluster;
  const { stored, pulling } = view.artifacts;
  return fresh.flatMap((member) =>
    artifactNamesFor(spec, member.pool.roles).flatMap((name) => {
      const locked = findArtifact(lock, name, member.arch);
      if (locked !== null && (pulling || stored.has(locked.sha256))) return [];
      const isLocked = locked !== null;
      return [
        {
          check: 'artifacts',
          node: member.name,
          severity: 'error' as const,
          found: isLocked
            ? `${name} ${locked.version} is not in the coordinator’s store`
            : `the lock has no ${name} for ${member.arch}`,
          needed: `${name} for ${member.arch}`,
          mend: isLocked
            ? 'run `coordinator artifacts pull`'
            : 'run `coordinator artifacts lock` and apply again',
        },
      ];
    }),
  );
}
