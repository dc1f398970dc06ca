// Retry: releases what is held, of one host or of all. What is counted begins anew, because the
// generation is part of every goal's key.
import { type ClusterRecord, keys, type NodeRecord } from '../store/records.ts';
import { update } from '../store/store.ts';
import { clustersOf, nodeNamed } from './clusters.ts';
import type { OperatorDependencies } from './dependencies.ts';
import { noteOperator } from './note.ts';

type Dependencies = Pick<OperatorDependencies, 'store' | 'artifacts' | 'audit' | 'feed' | 'clock'>;

/** @param node a name; empty for every cluster. @throws AppError not-found */
export async function retry(deps: Dependencies, node: string): Promise<void> {
  const clusters = await clustersOf(deps.store, node);
  const found = node === '' ? null : await nodeNamed(deps.store, node);
  if (found !== null) await raise<NodeRecord>(deps, keys.node(found.id));
  for (const { name, lock } of clusters) {
    if (found === null) await raise<ClusterRecord>(deps, keys.cluster(name));
    const text = found === null ? 'retry: holds released' : `retry of ${node}: its holds released`;
    await noteOperator(deps, { call: 'retry', cluster: name, text, fields: { node } });
    // What could not be fetched before is held too.
    deps.artifacts.pullInBackground(lock);
  }
}

const raise = <T extends { readonly retryGeneration: number }>(
  { store }: Dependencies,
  key: string,
): Promise<T | null> =>
  update<T>(store, key, (current) =>
    current === null ? null : { ...current, retryGeneration: current.retryGeneration + 1 },
  );
