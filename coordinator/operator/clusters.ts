// Which cluster a call means: most fleets have one, so it need not be named.
import { AppError } from '../../shared/errors.ts';
import { type ClusterRecord, keys } from '../store/records.ts';
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
