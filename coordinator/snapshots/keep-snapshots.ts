// Copies of snapshots that no cluster's record names any more are removed: compared again whenever the
// record names others than before, and at every start.
import type { Logger } from '../../shared/log.ts';
import type { ClusterRecord } from '../store/records.ts';
import type { SnapshotFolder } from './snapshot-folder.ts';

export interface KeepSnapshots {
  readonly snapshots: Pick<SnapshotFolder, 'keepOnly'>;
  readonly log: Logger;
}

export function createSnapshotKeeping({ snapshots, log }: KeepSnapshots) {
  const compared = new Map<string, string>();
  return async ({ name, snapshots: list = [] }: ClusterRecord): Promise<void> => {
    // One is named from when it was sealed, so none goes while it comes.
    const ids = list.filter(({ sealed }) => sealed !== null).map(({ id }) => id);
    if (compared.get(name) === ids.join()) return;
    try {
      await snapshots.keepOnly(name, ids);
      compared.set(name, ids.join());
    } catch (thrown) {
      // A disk that does not let go of a file is no reason to decide nothing.
      log.warn({ err: thrown, clusterId: name }, 'copies of snapshots could not be looked through');
    }
  };
}
