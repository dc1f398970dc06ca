// Who calls the Operator service, as it was found out and never as a request says. What is written down
// of a call says who it was.
import type { AuditLog } from '../events/audit-log.ts';
import type { Rank } from './operator-calls.ts';

export interface Caller {
  /** An operator's name; on the socket the user of the coordinator, as root@local. */
  readonly name: string;
  readonly rank: Rank;
  /** An address, or `socket`. */
  readonly source: string;
  /** Base64 of the SPKI DER of the key that calls; null on the socket. */
  readonly publicKey: string | null;
}

/** Of every entry about a call. `@` is in no operator's name. */
export const callerFields = ({ name, rank, source }: Caller) => ({
  operator: name,
  role: rank,
  source,
});

/** The audit log as one caller's calls write it. */
export function auditBy(audit: Pick<AuditLog, 'append'>, caller: Caller): AuditLog {
  return {
    append: (event, fields) => audit.append(event, { ...fields, ...callerFields(caller) }),
    close: async () => {},
  };
}
