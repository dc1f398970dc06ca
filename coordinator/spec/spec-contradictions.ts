// What a spec of the right shape may still say wrong: fields that contradict each other, and things
// this version does not do. Pure; every contradiction is found, not only the first.
import { formatIpv4Range, parseIpv4Range, rangesOverlap } from '../../shared/ipv4.ts';
import type { ClusterSpec, PoolSpec } from './cluster-spec.ts';
import { evenEtcdFault } from './etcd-size.ts';
import { parseWindow } from './maintenance-window.ts';
import { labelComplaints } from './reserved-labels.ts';
import type { Complaint, SpecPath } from './spec-faults.ts';

/** Paths are relative to the spec. */
export function findContradictions(spec: ClusterSpec): Complaint[] {
  return [
    ...poolComplaints(spec),
    ...labelComplaints(spec),
    ...etcdComplaints(spec),
    ...networkComplaints(spec),
    ...artifactComplaints(spec),
    ...settingComplaints(spec),
    ...windowComplaints(spec),
  ];
}

const windowComplaints = ({ rollout }: ClusterSpec): Complaint[] =>
  rollout.windows.flatMap((text, index) =>
    parseWindow(text) === null
      ? [
          {
            path: ['rollout', 'windows', index],
            message: `${JSON.stringify(text)} is no maintenance window: a cron expression of five fields that comes again, and a length, for example "0 22 * * 1-5 4h"`,
          },
        ]
      : [],
  );

function poolComplaints(spec: ClusterSpec): Complaint[] {
  const complaints: Complaint[] = [];
  const seen = new Map<string, number>();
  for (const [index, pool] of spec.pools.entries()) {
    const at = (...rest: SpecPath): SpecPath => ['pools', index, ...rest];
    const first = seen.get(pool.name);
    if (first !== undefined) {
      complaints.push({
        path: at('name'),
        message: `pool "${pool.name}" is there already, as pools[${first}]: names are unique`,
      });
    }
    seen.set(pool.name, first ?? index);
    complaints.push(...roleComplaints(pool, at));
  }
  const masters = spec.pools.filter((pool) => pool.roles.includes('control-plane'));
  if (masters.length === 0) {
    complaints.push({
      path: ['pools'],
      message: 'no pool has the role control-plane: a cluster needs one',
    });
  }
  if (masters.length > 1) {
    const names = masters.map((pool) => pool.name).join(', ');
    complaints.push({
      path: ['pools'],
      message: `several pools have the role control-plane (${names}): only one may`,
    });
  }
  return complaints;
}

function roleComplaints(pool: PoolSpec, at: (...rest: SpecPath) => SpecPath): Complaint[] {
  const complaints: Complaint[] = [];
  const isWorker = pool.roles.includes('worker');
  const counted = pool.roles.filter((role) => role !== 'worker');
  if (new Set(pool.roles).size !== pool.roles.length) {
    complaints.push({ path: at('roles'), message: 'a role is named twice' });
  }
  if (isWorker && counted.length > 0) {
    const message = `worker and ${counted.join(', ')} contradict in one pool: give workers a pool of their own`;
    complaints.push({ path: at('roles'), message });
  }
  if (counted.length > 0 && pool.size === undefined) {
    complaints.push({
      path: at('size'),
      message: `pool "${pool.name}" has the role ${counted.join(' and ')} and so needs a size, for example 3`,
    });
  }
  const even = pool.roles.includes('etcd') ? evenEtcdFault(pool.size ?? 1) : null;
  if (even !== null) {
    complaints.push({ path: at('size'), message: `${even}: an odd number is needed` });
  }
  return complaints;
}

function etcdComplaints(spec: ClusterSpec): Complaint[] {
  const { placement } = spec.etcd;
  const masters = spec.pools.find((pool) => pool.roles.includes('control-plane'));
  const members = spec.pools.filter((pool) => pool.roles.includes('etcd'));
  const path: SpecPath = ['etcd', 'placement'];
  if (placement === 'control-plane') {
    const apart = members.find((pool) => !pool.roles.includes('control-plane'));
    if (apart !== undefined) {
      const message = `pool "${apart.name}" has the role etcd, but etcd.placement is control-plane: set placement to {pool: ${apart.name}} or drop the role`;
      return [{ path, message }];
    }
    if (masters === undefined || masters.roles.includes('etcd')) return [];
    const message = `etcd.placement is control-plane, but pool "${masters.name}" lacks the role etcd: add it, or name a pool in etcd.placement`;
    return [{ path, message }];
  }
  const named = spec.pools.find((pool) => pool.name === placement.pool);
  if (named === undefined) {
    const names = spec.pools.map((pool) => pool.name).join(', ');
    return [
      {
        path: [...path, 'pool'],
        message: `there is no pool "${placement.pool}"; there are: ${names}`,
      },
    ];
  }
  if (!named.roles.includes('etcd')) {
    return [{ path: [...path, 'pool'], message: `pool "${named.name}" lacks the role etcd` }];
  }
  const other = members.find((pool) => pool !== named);
  if (other !== undefined) {
    const message = `etcd belongs in pool "${named.name}", but pool "${other.name}" has the role etcd too: one of them`;
    return [{ path: [...path, 'pool'], message }];
  }
  if (named.roles.includes('control-plane')) return [];
  const message =
    'etcd on hosts of its own comes with a later release: write placement: control-plane';
  return [{ path, message }];
}

const reserved: readonly (readonly [string, string])[] = [
  ['0.0.0.0/8', 'this network'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['224.0.0.0/3', 'multicast and reserved'],
];

function networkComplaints(spec: ClusterSpec): Complaint[] {
  const complaints: Complaint[] = [];
  const ranges = [
    { path: ['network', 'pods'], text: spec.network.pods, label: 'network.pods' },
    { path: ['network', 'services'], text: spec.network.services, label: 'network.services' },
    ...spec.pools.flatMap((pool, index) =>
      pool.nodeAddress.range === undefined
        ? []
        : [
            {
              path: ['pools', index, 'nodeAddress', 'range'],
              text: pool.nodeAddress.range,
              label: `nodeAddress.range of pool "${pool.name}"`,
            },
          ],
    ),
  ].map((entry) => ({ ...entry, range: parseIpv4Range(entry.text) }));
  for (const [index, entry] of ranges.entries()) {
    const exact = formatIpv4Range(entry.range);
    if (exact !== entry.text) {
      complaints.push({
        path: entry.path,
        message: `${entry.text} has bits set below its prefix: write ${exact}`,
      });
    }
    const clash = reserved.find(([text]) => rangesOverlap(entry.text, text));
    if (clash !== undefined) {
      complaints.push({
        path: entry.path,
        message: `${entry.text} overlaps ${clash[0]} (${clash[1]}): take a private range`,
      });
    }
    // Pools of nodes may well share a network; the cluster's own two ranges may meet nothing.
    for (const other of ranges.slice(0, Math.min(index, 2))) {
      if (!rangesOverlap(entry.text, other.text)) continue;
      complaints.push({
        path: entry.path,
        message: `${entry.text} overlaps ${other.label} (${other.text}): they must be apart`,
      });
    }
  }
  const [pods, services] = ranges;
  if (pods !== undefined && pods.range.prefix > 24) {
    complaints.push({
      path: pods.path,
      message: `${pods.text} is too small: every node takes a /24 of it`,
    });
  }
  if (services !== undefined && (services.range.prefix < 12 || services.range.prefix > 28)) {
    complaints.push({
      path: services.path,
      message: `${services.text}: the API server takes a service range of /12 to /28`,
    });
  }
  return complaints;
}

function artifactComplaints(spec: ClusterSpec): Complaint[] {
  const { source, directory } = spec.artifacts;
  if (source === 'directory' && directory === undefined) {
    return [
      {
        path: ['artifacts', 'directory'],
        message: 'source: directory needs a directory, an absolute path on the coordinator',
      },
    ];
  }
  if (source === 'official' && directory !== undefined) {
    return [
      {
        path: ['artifacts', 'directory'],
        message: 'a directory contradicts source: official: set source: directory, or drop it',
      },
    ];
  }
  if (directory !== undefined && !directory.startsWith('/')) {
    return [
      {
        path: ['artifacts', 'directory'],
        message: `"${directory}" is relative: write an absolute path on the coordinator`,
      },
    ];
  }
  return [];
}

/** Settings that Muster derives from other fields: said twice, they could differ. */
const derivedKubelet: Readonly<Record<string, string>> = {
  clusterDomain: 'network.domain',
  clusterDNS: 'network.services',
  apiVersion: 'kubernetes.version',
  kind: 'kubernetes.version',
};
const derivedProxy: Readonly<Record<string, string>> = {
  mode: 'network.proxyMode',
  clusterCIDR: 'network.pods',
  apiVersion: 'kubernetes.version',
  kind: 'kubernetes.version',
};

function settingComplaints(spec: ClusterSpec): Complaint[] {
  const places: readonly (readonly [SpecPath, object, Readonly<Record<string, string>>])[] = [
    [['kubelet'], spec.kubelet, derivedKubelet],
    [['kubeProxy'], spec.kubeProxy, derivedProxy],
    ...spec.pools.map(
      (pool, index) => [['pools', index, 'kubelet'], pool.kubelet, derivedKubelet] as const,
    ),
  ];
  return places.flatMap(([path, settings, derived]) =>
    Object.keys(settings)
      .filter((key) => Object.hasOwn(derived, key))
      .map((key) => ({
        path: [...path, key],
        message: `"${key}" follows from ${derived[key]}: set that instead`,
      })),
  );
}
