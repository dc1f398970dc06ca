// What only the whole fleet shows: the etcd count, hosts that are the same twice, ranges that
// overlap, artifacts that are not there.

import { rangeContains, rangesOverlap } from '../../../shared/ipv4.ts';
import { artifactNamesFor, findArtifact } from '../../components/bill-of-materials.ts';
import type { ClusterSpec } from '../../spec/cluster-spec.ts';
import type { PreflightFault } from '../decision.ts';
import { hostAddresses } from '../node-address.ts';
import type { Member, Topology } from '../topology.ts';
import type { ClusterView } from '../view.ts';

export function fleetFaults(view: ClusterView, topology: Topology): readonly PreflightFault[] {
  return [
    ...etcdCount(view.cluster.spec, view.cluster.name),
    ...rangesOfSpec(view.cluster.spec, view.cluster.name),
    ...rangesOfHosts(view.cluster.spec, topology),
    ...sameTwice(topology.members),
    ...artifactFaults(view, topology),
  ];
}

function etcdCount(spec: ClusterSpec, cluster: string): readonly PreflightFault[] {
  const size = spec.pools
    .filter((pool) => pool.roles.includes('etcd'))
    .reduce((sum, pool) => sum + (pool.size ?? 0), 0);
  if (size % 2 === 1) return [];
  return [
    {
      check: 'etcd-count',
      node: cluster,
      severity: 'error',
      found: `${size} etcd members`,
      needed: 'an odd number: an even one survives no more failures than one fewer',
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

function rangesOfHosts(spec: ClusterSpec, topology: Topology): readonly PreflightFault[] {
  const ranges = [
    ['pods', spec.network.pods],
    ['services', spec.network.services],
  ] as const;
  return topology.members.flatMap((member) =>
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

/** Enrollment refuses these already; facts can change later, for example when a machine is cloned. */
function sameTwice(members: readonly Member[]): readonly PreflightFault[] {
  const keys = [
    ['hostname', 'unique-hostname', (member: Member) => member.facts.hostname],
    ['machine-id', 'unique-machine-id', (member: Member) => member.facts.machineId],
    ['product uuid', 'unique-product-uuid', (member: Member) => member.facts.productUuid],
    ['address', 'unique-address', (member: Member) => member.address],
  ] as const;
  return keys.flatMap(([what, check, keyOf]) =>
    members.flatMap((member, index) => {
      const key = keyOf(member);
      const earlier = members.slice(0, index).find((other) => keyOf(other) === key);
      if (earlier === undefined || key === 'unknown' || key === '') return [];
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
    }),
  );
}

function artifactFaults(view: ClusterView, topology: Topology): readonly PreflightFault[] {
  const { lock } = view.cluster;
  return topology.members.flatMap((member) =>
    artifactNamesFor(member.pool.roles).flatMap((name) => {
      const locked = findArtifact(lock, name, member.arch);
      if (locked !== null && view.storedArtifacts.has(locked.sha256)) return [];
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
