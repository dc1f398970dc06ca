// The audit log as handlers get it: what a host can bring about again and again by itself is written so
// many times an hour of each host, and the next line of its kind says how many were left out. What an
// operator or the coordinator did is always written.
import type { Clock } from '../../shared/clock.ts';
import { type Buckets, createBuckets, type Rate } from '../limits/buckets.ts';
import type { AuditEvent, AuditLog } from './audit-log.ts';

/** All in all some 200 KiB a day of a host that does nothing else. */
const repeated: Rate = { burst: 20, perSecond: 1 / 120 };
const ofHosts: ReadonlySet<AuditEvent> = new Set([
  'join-repeated',
  'renewed',
  'renew-refused',
  'certificate-signed',
  'certificate-refused',
  'snapshot-stored',
  'journal-changed',
  'foreign-record',
  'sequence-ahead',
]);

/** Certificates are asked for in tens by one plan, and never by the thousand. */
const many: Rate = { burst: 200, perSecond: 1 / 30 };
const rateOf = (event: AuditEvent): Rate => (event === 'certificate-signed' ? many : repeated);

export function boundedAudit(audit: AuditLog, clock: Pick<Clock, 'boot'>): AuditLog {
  const buckets = new Map<AuditEvent, Buckets>();
  const leftOut = new Map<string, number>();
  return {
    async append(event, fields) {
      const { nodeId } = fields;
      if (!ofHosts.has(event) || typeof nodeId !== 'string') {
        await audit.append(event, fields);
        return;
      }
      const own = buckets.get(event) ?? createBuckets(rateOf(event), clock);
      buckets.set(event, own);
      const key = `${event} ${nodeId}`;
      const before = leftOut.get(key) ?? 0;
      if (own.take(nodeId) === 0) {
        leftOut.set(key, before + 1);
        return;
      }
      leftOut.delete(key);
      await audit.append(event, before === 0 ? fields : { ...fields, leftOut: before });
    },
    close: () => audit.close(),
  };
}
