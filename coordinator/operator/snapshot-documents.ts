// Snapshots as operators are shown them: where each lies, and in one sentence what a cluster would be
// restored from.
import { lastSnapshotMs, nextSnapshotMs, presentSnapshots } from '../planner/snapshots.ts';
import type { ClusterRecord, SnapshotRecord } from '../store/records.ts';
import type { ClusterBackupDocument, SnapshotDocument } from './documents.ts';

export const snapshotDocuments = (cluster: ClusterRecord): readonly SnapshotDocument[] =>
  presentSnapshots(cluster).map((one) => ({
    kind: 'Snapshot',
    name: one.id,
    cluster: cluster.name,
    takenMs: one.takenMs,
    revision: one.revision,
    hash: one.hash,
    bytes: one.bytes,
    node: one.isOnHost ? one.nodeName : null,
    path: one.isOnHost ? one.path : null,
    copiedMs: one.copiedMs,
    sealed: one.sealed,
    labels: { node: one.nodeName },
  }));

export function backupDocument(cluster: ClusterRecord, now: number): ClusterBackupDocument {
  const copied = (cluster.snapshots ?? []).findLast(({ copiedMs }) => copiedMs !== null);
  return {
    schedule: cluster.spec.etcd.snapshots.schedule,
    lastMs: lastSnapshotMs(cluster),
    nextMs: nextSnapshotMs(cluster, now),
    recoveryKey: cluster.recoveryKey?.fingerprint ?? null,
    lastCopiedMs: copied?.takenMs ?? null,
    note: backupNote(cluster),
  };
}

export const WITHOUT_KEY =
  'there is no recovery key, so snapshots lie on the masters only and go with them: `coordinator recovery-key create --out FILE` makes one';

/** What somebody has to know who relies on the snapshots; null: nothing. */
export function backupNote(cluster: ClusterRecord): string | null {
  if (cluster.masters.length === 0) return null;
  if (cluster.recoveryKey === undefined) return WITHOUT_KEY;
  const isCopied = (cluster.snapshots ?? []).some(({ copiedMs }) => copiedMs !== null);
  if (isCopied) return null;
  return 'no snapshot was copied to the coordinator yet: `coordinator etcd snapshot` takes one now';
}

/** Of one that was just taken. */
export function whereSentence(
  cluster: ClusterRecord,
  { sealed, copiedMs }: SnapshotRecord,
): string {
  if (sealed === null) return WITHOUT_KEY;
  const key = `sealed to the recovery key ${sealed.key}`;
  return copiedMs === null
    ? `it is ${key} with the cluster’s keys, and on its way to the coordinator (coordinator etcd snapshot list)`
    : `the coordinator has a copy, ${key} with the keys of ${cluster.name}`;
}
