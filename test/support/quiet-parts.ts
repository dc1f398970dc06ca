// Parts of the coordinator that a unit test needs and does not look at.

import type { AuditEvent, AuditFields, AuditLog } from '../../coordinator/events/audit-log.ts';
import type { SnapshotFolder } from '../../coordinator/snapshots/snapshot-folder.ts';

export interface RecordedAudit extends AuditLog {
  readonly entries: { readonly event: AuditEvent; readonly fields: AuditFields }[];
}

export function recordedAudit(): RecordedAudit {
  const entries: RecordedAudit['entries'] = [];
  return {
    entries,
    append: async (event, fields) => {
      entries.push({ event, fields });
    },
    close: async () => {},
  };
}

/** A folder of snapshots that takes nothing and lets go of nothing. */
export const noSnapshots: SnapshotFolder = {
  offset: async () => 0,
  take: async () => ({ kind: 'complete' }),
  keepOnly: async () => undefined,
  pathOf: (cluster, id) => `/snapshots/${cluster}/${id}.sealed`,
};
