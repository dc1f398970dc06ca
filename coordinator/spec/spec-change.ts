// What a changed spec means for a cluster that is there: allowed, or refused with the commands that
// would do it. `apply` never removes a host. Pure.
import { canonicalJson } from '../../shared/canonical.ts';
import type { ClusterSpec } from './cluster-spec.ts';
import { compareVersions, minorsBetween, nextMinor } from './kubernetes-version.ts';
import { describeLabelChanges } from './label-change.ts';

export interface ClusterProgress {
  /** The control plane has been chosen: what it is built from is settled. */
  readonly hasBegun: boolean;
  /** Names of the nodes of each pool. */
  readonly nodes: Readonly<Record<string, readonly string[]>>;
  /** What every API server runs at least; null before there is one. */
  readonly serves?: string | null;
  /** What an API server was begun to be raised to. */
  readonly raisedTo?: string | null;
  /** A rollout that is not over, with what it is at; null: none. */
  readonly rollout?: { readonly id: string; readonly at: string } | null;
  /** Of etcd, taken before the control plane was raised; for whoever wants to go back. */
  readonly snapshot?: string | null;
}

export type SpecChange =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'allowed'; readonly messages: readonly string[] }
  | { readonly kind: 'refused'; readonly reasons: readonly string[] };

export function judgeSpecChange(
  before: ClusterSpec,
  after: ClusterSpec,
  progress: ClusterProgress,
): SpecChange {
  if (canonicalJson(before) === canonicalJson(after)) return { kind: 'unchanged' };
  const reasons = [
    ...(after.pools.length === 0 ? [] : removedPools(before, after, progress)),
    ...smallerPools(after, progress),
    ...(progress.hasBegun ? settledFields(before, after) : []),
    ...(progress.hasBegun ? settledPools(before, after, progress) : []),
    ...(progress.hasBegun ? judgeVersion(before, after, progress) : []),
    ...(reachesHosts(before, after) ? duringRollout(progress) : []),
  ];
  if (reasons.length > 0) return { kind: 'refused', reasons };
  return { kind: 'allowed', messages: describeChange(before, after) };
}

const nodesOf = (progress: ClusterProgress, pool: string): readonly string[] =>
  progress.nodes[pool] ?? [];

const removal = (names: readonly string[]): string =>
  names.map((name) => `coordinator node remove ${name}`).join('; ');

function removedPools(
  before: ClusterSpec,
  after: ClusterSpec,
  progress: ClusterProgress,
): string[] {
  const kept = new Set(after.pools.map((pool) => pool.name));
  return before.pools
    .filter((pool) => !kept.has(pool.name) && nodesOf(progress, pool.name).length > 0)
    .map((pool) => {
      const names = nodesOf(progress, pool.name);
      return `pool ${pool.name} is gone from the spec but has ${count(names.length, 'host')}: apply never removes hosts. Remove them first (${removal(names)}; this command comes with a later release), or put the pool back`;
    });
}

function smallerPools(after: ClusterSpec, progress: ClusterProgress): string[] {
  return after.pools.flatMap((pool) => {
    const names = nodesOf(progress, pool.name);
    if (pool.size === undefined || names.length <= pool.size) return [];
    const surplus = names.slice(pool.size);
    return [
      `pool ${pool.name} has ${count(names.length, 'host')} and its size would be ${pool.size}: apply never removes hosts. Remove ${surplus.length} first (${removal(surplus)}; this command comes with a later release), or keep the size`,
    ];
  });
}

interface SettledField {
  readonly label: string;
  readonly read: (spec: ClusterSpec) => unknown;
  readonly way: string;
}

const settled: readonly SettledField[] = [
  {
    label: 'network.pods',
    read: (spec) => spec.network.pods,
    way: 'pod addresses cannot be changed once a cluster is installed',
  },
  {
    label: 'network.services',
    read: (spec) => spec.network.services,
    way: 'service addresses cannot be changed once a cluster is installed',
  },
  {
    label: 'network.domain',
    read: (spec) => spec.network.domain,
    way: 'the domain cannot be changed once a cluster is installed',
  },
  {
    label: 'network.plugin',
    read: (spec) => spec.network.plugin,
    way: 'the plugin cannot be changed',
  },
  {
    label: 'controlPlane.endpoint',
    read: (spec) => spec.controlPlane.endpoint,
    way: 'every node and kubeconfig has it',
  },
  {
    label: 'etcd.placement',
    read: (spec) => spec.etcd.placement,
    way: 'etcd cannot be moved by this version',
  },
  { label: 'runtime', read: (spec) => spec.runtime, way: 'the runtime cannot be changed' },
];

function settledFields(before: ClusterSpec, after: ClusterSpec): string[] {
  return settled
    .filter((field) => canonicalJson(field.read(before)) !== canonicalJson(field.read(after)))
    .map(
      (field) =>
        `${field.label} ${fromTo(field.read(before), field.read(after))}: ${field.way}; put the old value back`,
    );
}

function fromTo(before: unknown, after: unknown): string {
  if (typeof before === 'object' || typeof after === 'object')
    return 'differs from what is installed';
  return `is ${shown(before)} and would become ${shown(after)}`;
}

const shown = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : 'open';

function settledPools(
  before: ClusterSpec,
  after: ClusterSpec,
  progress: ClusterProgress,
): string[] {
  return after.pools.flatMap((pool) => {
    const old = before.pools.find((candidate) => candidate.name === pool.name);
    const isCounted = pool.roles.some((role) => role !== 'worker');
    if (old === undefined) {
      return isCounted
        ? [
            `pool ${pool.name} is new and has the role ${pool.roles.join(', ')}: only worker pools can be added by this version`,
          ]
        : [];
    }
    const reasons: string[] = [];
    if (canonicalJson(old.roles) !== canonicalJson(pool.roles)) {
      reasons.push(`roles of pool ${pool.name} cannot be changed: make another pool`);
    }
    if (isCounted && old.size !== pool.size) {
      reasons.push(
        `size of pool ${pool.name} ${fromTo(old.size, pool.size)}: growing or shrinking etcd and the control plane comes with a later release`,
      );
    }
    if (
      nodesOf(progress, pool.name).length > 0 &&
      canonicalJson(old.nodeAddress) !== canonicalJson(pool.nodeAddress)
    ) {
      reasons.push(
        `nodeAddress of pool ${pool.name} is in use by ${count(nodesOf(progress, pool.name).length, 'node')}: certificates, etcd and the pod network go by addresses; make another pool`,
      );
    }
    return reasons;
  });
}

/** What of a spec hosts that work are made of; the rest is about who joins, and about rollouts. */
const ofHosts = ({
  kubernetes,
  network,
  controlPlane,
  kubelet,
  kubeProxy,
  host,
  pools,
  hosts,
}: ClusterSpec) => ({
  ...{ kubernetes, network, controlPlane, kubelet, kubeProxy, host },
  pools: pools.map(({ name, kubelet, labels, taints }) => ({ name, kubelet, labels, taints })),
  hosts: Object.fromEntries(
    Object.entries(hosts)
      .filter(([, { labels }]) => Object.keys(labels).length > 0)
      .map(([name, { labels }]) => [name, labels]),
  ),
});

/** A change that a rollout has to bring to hosts. */
export const reachesHosts = (before: ClusterSpec, after: ClusterSpec): boolean =>
  canonicalJson(ofHosts(before)) !== canonicalJson(ofHosts(after));

function duringRollout({ rollout }: ClusterProgress): string[] {
  if (rollout === undefined || rollout === null) return [];
  return [
    `rollout ${rollout.id} is under way (${rollout.at}), and what it brings cannot be changed meanwhile: wait for it (coordinator rollout status), or end it first (coordinator rollout abort)`,
  ];
}

/**
 * Kubernetes' version skew policy: API servers one minor at a time, patches at once, never back.
 * https://kubernetes.io/releases/version-skew-policy/
 */
function judgeVersion(
  before: ClusterSpec,
  after: ClusterSpec,
  progress: ClusterProgress,
): string[] {
  const to = after.kubernetes.version;
  const from = progress.serves ?? before.kubernetes.version;
  const raised = progress.raisedTo ?? from;
  if (to === before.kubernetes.version) return [];
  const floor = compareVersions(raised, from) > 0 ? raised : from;
  if (compareVersions(to, floor) < 0) {
    const snapshot = progress.snapshot ?? null;
    const back =
      snapshot === null ? '' : `; the state before it is in the etcd snapshot ${snapshot}`;
    return [
      `kubernetes.version is ${before.kubernetes.version} and would become ${to}: API servers run ${floor}, and Kubernetes knows no way back from what they have written${back}`,
    ];
  }
  const minors = minorsBetween(from, to);
  if (minors <= 1) return [];
  return [
    `kubernetes.version would go from ${from} to ${to}, ${minors} minors at once: Kubernetes supports one at a time; apply ${nextMinor(from)} first`,
  ];
}

function describeChange(before: ClusterSpec, after: ClusterSpec): string[] {
  const old = new Map(before.pools.map((pool) => [pool.name, pool]));
  const messages = after.pools.flatMap((pool) => {
    const earlier = old.get(pool.name);
    if (earlier === undefined) return [`pool ${pool.name} added`];
    return earlier.size === pool.size
      ? []
      : [`pool ${pool.name}: size ${earlier.size ?? 'open'} → ${pool.size ?? 'open'}`];
  });
  const kept = new Set(after.pools.map((pool) => pool.name));
  const dropped = before.pools
    .filter((pool) => !kept.has(pool.name))
    .map((pool) => `pool ${pool.name} dropped: it had no host`);
  const { version } = before.kubernetes;
  const upgrade =
    version === after.kubernetes.version
      ? []
      : [`kubernetes.version: ${version} → ${after.kubernetes.version}`];
  return [...upgrade, ...messages, ...dropped, ...describeLabelChanges(before, after)];
}

const count = (amount: number, noun: string): string =>
  `${amount} ${noun}${amount === 1 ? '' : 's'}`;
