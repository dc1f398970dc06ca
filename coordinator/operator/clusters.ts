// Which cluster a call means: most fleets have one, so it need not be named.
import { AppError } from '../../shared/errors.ts';
import { holdsItsPlace } from '../enrollment/find-duplicate.ts';
import { isRemoved } from '../identity/removed.ts';
import { type ClusterRecord, keys, type NodeRecord } from '../store/records.ts';
import type { Store, Stored } from '../store/store.ts';

export async function allClusters(store: Store): Promise<readonly ClusterRecord[]> {
  return (await store.range<ClusterRecord>(keys.clusters)).map((stored) => stored.value);
}

/** @throws AppError not-found when there is none, refused when there are several. */
export async function onlyCluster(store: Store): Promise<Stored<ClusterRecord>> {
  const stored = await store.range<ClusterRecord>(keys.clusters);
  const [first, second] = stored;
  if (first === undefined) throw noCluster();
  if (second !== undefined) {
    const names = stored.map(({ value }) => value.name).join(', ');
    throw new AppError(
      'refused',
      `there are several clusters (${names}): this call works with one`,
    );
  }
  return first;
}

export const noCluster = (): AppError =>
  new AppError(
    'not-found',
    'there is no cluster yet: write a cluster.yaml and run `coordinator apply -f cluster.yaml`',
  );

/** By name or id; the one whose name it is now comes first. Those that are gone for good are not found. */
export async function nodesNamed(
  store: Store,
  name: string,
): Promise<readonly Stored<NodeRecord>[]> {
  const nodes = await store.range<NodeRecord>(keys.nodes);
  return nodes
    .filter(({ value }) => (value.name === name || value.id === name) && !isRemoved(value))
    .toSorted((a, b) => Number(holdsItsPlace(b.value)) - Number(holdsItsPlace(a.value)));
}

/** @throws AppError not-found */
export async function nodeNamed(store: Store, name: string): Promise<NodeRecord> {
  const [found] = await nodesNamed(store, name);
  if (found !== undefined) return found.value;
  throw new AppError('not-found', `there is no node ${name}; \`get nodes\` lists what there is`);
}

/** The cluster of a node, or all of them. @param node a name, or empty. @throws AppError not-found */
export async function clustersOf(store: Store, node: string): Promise<readonly ClusterRecord[]> {
  const clusters = await allClusters(store);
  if (clusters.length === 0) throw noCluster();
  if (node === '') return clusters;
  const { cluster } = await nodeNamed(store, node);
  return clusters.filter(({ name }) => name === cluster);
}

/** `POOL` or `CLUSTER/POOL`. @throws AppError not-found, refused */
export async function findPool(
  store: Store,
  text: string,
): Promise<{ readonly cluster: ClusterRecord; readonly pool: string }> {
  const [first = '', second] = text.split('/');
  const clusters = await allClusters(store);
  if (clusters.length === 0) throw noCluster();
  const pool = second ?? first;
  const matching = clusters.filter(
    (cluster) =>
      (second === undefined || cluster.name === first) &&
      cluster.spec.pools.some(({ name }) => name === pool),
  );
  const [found, other] = matching;
  if (found === undefined) {
    const known = clusters.flatMap((cluster) =>
      cluster.spec.pools.map(({ name }) =>
        clusters.length > 1 ? `${cluster.name}/${name}` : name,
      ),
    );
    throw new AppError('not-found', `there is no pool ${text}; there are: ${known.join(', ')}`);
  }
  if (other !== undefined) {
    const names = matching.map(({ name }) => `${name}/${pool}`).join(' or ');
    throw new AppError('refused', `several clusters have a pool ${pool}: say ${names}`);
  }
  return { cluster: found, pool };
}
