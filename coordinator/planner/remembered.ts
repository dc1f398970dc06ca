// What was rendered for a host, kept while nothing it was rendered from is another: a turn over hosts
// that are being prepared compares, and does not render them all again. Kept by the spec, so that it
// goes with it.
import { canonicalJson } from '../../shared/canonical.ts';
import type { ClusterRecord } from '../store/records.ts';

interface Kept {
  readonly lock: ClusterRecord['lock'];
  readonly values: Map<string, unknown>;
}

export interface Remembered<T> {
  /** @param from everything of it that is not in the cluster's name, spec and lock */
  of(cluster: Pick<ClusterRecord, 'name' | 'spec' | 'lock'>, from: unknown, make: () => T): T;
}

/** Fleets are as large as that, and what is older is made again. */
const most = 5_000;

export function remembered<T>(): Remembered<T> {
  const bySpec = new WeakMap<ClusterRecord['spec'], Kept>();
  return {
    of: ({ name, spec, lock }, from, make) => {
      let kept = bySpec.get(spec);
      if (kept === undefined || kept.lock !== lock || kept.values.size >= most) {
        kept = { lock, values: new Map() };
        bySpec.set(spec, kept);
      }
      const key = canonicalJson([name, from]);
      if (!kept.values.has(key)) kept.values.set(key, make());
      return kept.values.get(key) as T;
    },
  };
}
