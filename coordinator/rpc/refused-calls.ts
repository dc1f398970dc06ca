// Calls that were refused, in the log and the audit log. Strangers can call as often as they like from as
// many addresses as they have: each source gets a line a minute, and all of them together a few.
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { AuditLog } from '../events/audit-log.ts';

export interface RefusedCall {
  /** An address. */
  readonly source: string;
  readonly method: string;
  readonly reason: string;
  /** Who it was, when that is known. */
  readonly operator?: string;
  readonly role?: string;
}

export interface RefusedCalls {
  note(call: RefusedCall): Promise<void>;
}

const windowMs = 60_000;
const linesPerWindow = 60;

export function createRefusedCalls(deps: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly audit: Pick<AuditLog, 'append'>;
}): RefusedCalls {
  const { clock, log, audit } = deps;
  let beganMs = Number.NEGATIVE_INFINITY;
  let seen = new Set<string>();
  let omitted = 0;
  return {
    async note(call) {
      if (clock.boot() >= beganMs + windowMs) {
        beganMs = clock.boot();
        seen = new Set();
      }
      // Who is known is told apart from strangers at the same address.
      const source = `${call.operator ?? ''} ${call.source}`;
      if (seen.has(source) || seen.size >= linesPerWindow) {
        omitted += 1;
        return;
      }
      seen.add(source);
      // How many were not written since the line before.
      const fields = omitted === 0 ? { ...call } : { ...call, omitted };
      omitted = 0;
      log.warn(fields, 'call refused');
      await audit.append('call-refused', fields);
    },
  };
}
