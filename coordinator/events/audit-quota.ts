// How often what others can cause is written down: a stranger, or a member that lies, can make any number
// of refusals, and the log's oldest files go when it is full. What is left out is counted in the next
// entry of its kind. What the coordinator did itself is never left out.
import type { Clock } from '../../shared/clock.ts';
import type { AuditEvent, AuditFields, AuditLog } from './audit-log.ts';

interface Quota {
  readonly perMinute: number;
  /** Counted for each value of this field apart. @default all together */
  readonly by?: 'nodeId';
}

const strangers: Quota = { perMinute: 60 };
const member: Quota = { perMinute: 30, by: 'nodeId' };

const quotas: Readonly<Partial<Record<AuditEvent, Quota>>> = {
  'join-refused': strangers,
  'login-refused': strangers,
  'join-repeated': member,
  'renew-refused': member,
  'certificate-refused': member,
  'plan-refused': member,
  'journal-changed': member,
  'foreign-record': member,
  'sequence-ahead': member,
};

const windowMs = 60_000;
const countersKept = 5_000;

interface Counter {
  beganMs: number;
  written: number;
  omitted: number;
}

export function withQuota(audit: AuditLog, clock: Clock): AuditLog {
  const counters = new Map<string, Counter>();

  const counterOf = (key: string): Counter => {
    const counter = counters.get(key) ?? { beganMs: clock.boot(), written: 0, omitted: 0 };
    counters.set(key, counter);
    for (const oldest of counters.keys()) {
      if (counters.size <= countersKept) break;
      counters.delete(oldest);
    }
    if (clock.boot() >= counter.beganMs + windowMs) {
      counter.beganMs = clock.boot();
      counter.written = 0;
    }
    return counter;
  };

  return {
    async append(event, fields) {
      const quota = quotas[event];
      if (quota === undefined) return await audit.append(event, fields);
      const counter = counterOf(keyOf(event, fields, quota));
      if (counter.written >= quota.perMinute) {
        counter.omitted += 1;
        return;
      }
      counter.written += 1;
      const { omitted } = counter;
      counter.omitted = 0;
      await audit.append(event, omitted === 0 ? fields : { ...fields, omittedBefore: omitted });
    },
    close: () => audit.close(),
  };
}

const keyOf = (event: AuditEvent, fields: AuditFields, { by }: Quota): string =>
  by === undefined ? event : `${event} ${String(fields[by])}`;
