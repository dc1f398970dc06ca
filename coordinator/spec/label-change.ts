// What a changed spec does to labels and taints of nodes, in words for whoever applies it. Pure.
import { canonicalJson } from '../../shared/canonical.ts';
import type { ClusterSpec, PoolSpec } from './cluster-spec.ts';

type Labels = PoolSpec['labels'];
type Taint = PoolSpec['taints'][number];

/** Pools that are in both, and hosts with labels of their own. */
export function describeLabelChanges(before: ClusterSpec, after: ClusterSpec): string[] {
  const pools = after.pools.flatMap((pool) => {
    const old = before.pools.find(({ name }) => name === pool.name);
    if (old === undefined) return [];
    return told(`pool ${pool.name}`, [
      ...ofLabels(old.labels, pool.labels),
      ...ofTaints(old.taints, pool.taints),
    ]);
  });
  const names = [...new Set([...Object.keys(before.hosts), ...Object.keys(after.hosts)])];
  const hosts = names.flatMap((name) =>
    told(
      `host ${name}`,
      ofLabels(before.hosts[name]?.labels ?? {}, after.hosts[name]?.labels ?? {}),
    ),
  );
  return [...pools, ...hosts];
}

const told = (where: string, changes: readonly string[]): string[] =>
  changes.length === 0 ? [] : [`${where}: ${changes.join(', ')}`];

function ofLabels(before: Labels, after: Labels): string[] {
  const set = Object.entries(after)
    .filter(([key, value]) => !Object.hasOwn(before, key) || before[key] !== value)
    .map(([key, value]) => `label ${key}=${value}`);
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  return [...set, ...gone.map((key) => `no label ${key}`)];
}

function ofTaints(before: readonly Taint[], after: readonly Taint[]): string[] {
  const texts = (taints: readonly Taint[]) => new Set(taints.map((taint) => canonicalJson(taint)));
  const [old, now] = [texts(before), texts(after)];
  const set = after.filter((taint) => !old.has(canonicalJson(taint)));
  const gone = before.filter((taint) => !now.has(canonicalJson(taint)));
  return [
    ...set.map((taint) => `taint ${named(taint)}${consequence(taint)}`),
    ...gone.map((taint) => `no taint ${named(taint)}`),
  ];
}

const named = ({ key, value, effect }: Taint): string =>
  `${key}${value === '' ? '' : `=${value}`}:${effect}`;

const consequence = ({ effect }: Taint): string =>
  effect === 'NoExecute'
    ? ' (running pods that do not tolerate it are evicted at once, by Kubernetes and without asking disruption budgets)'
    : '';
