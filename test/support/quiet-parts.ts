// Parts of the coordinator that a unit test needs and does not look at.
import type { AuditEvent, AuditFields, AuditLog } from '../../coordinator/events/audit-log.ts';

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
