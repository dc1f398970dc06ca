// The specs in the records of clusters, as a version before wrote them: a field that has come since gets
// its default, so that nobody who reads a spec has to know when a field came.
import { canonicalJson } from '../../shared/canonical.ts';
import { clusterSpecSchema } from '../spec/cluster-spec.ts';
import { type ClusterRecord, keys } from './records.ts';
import { type Store, update } from './store.ts';

export async function fillSpecs(store: Store): Promise<void> {
  for (const { key } of await store.range<ClusterRecord>(keys.clusters)) {
    await update<ClusterRecord>(store, key, (current) => {
      if (current === null) return null;
      const filled = clusterSpecSchema.safeParse(current.spec);
      // One that is refused today was taken once: what it says stays as it is.
      if (!filled.success || canonicalJson(filled.data) === canonicalJson(current.spec))
        return null;
      return { ...current, spec: filled.data };
    });
  }
}
