// A host that obeyed a higher number than the store knows of, because the store is an older copy: no
// lower one may be given out, or all its plans would be refused as old.
//
// THE RULE. What a host says about numbers is believed a little at a time. A poll raises a number by
// MOST_AHEAD at most, so a host that is really further ahead is met after some polls, and one that lies
// (or whose identity was copied) would have to go on for thousands of years before numbers run out.
// Numbers only rise, and an agent takes any that is higher than its own: whatever was claimed in its
// name, the honest host is never left behind.
import type { Clock } from '../../../shared/clock.ts';
import type { NodeId } from '../../../shared/model/ids.ts';
import type { AuditLog } from '../../events/audit-log.ts';
import type { LaneTold } from '../../presence/polls.ts';
import { keys, type NodeRecord } from '../../store/records.ts';
import { type Store, update } from '../../store/store.ts';

/** More than a host is given in months. */
export const MOST_AHEAD = 10_000;

/** A host that says it at every poll does not fill the audit log. */
const auditEveryMs = 10 * 60_000;

export interface AdoptDependencies {
  readonly store: Store;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly clock: Pick<Clock, 'now'>;
}

export type AdoptSequences = (node: NodeRecord, told: readonly LaneTold[]) => Promise<void>;

export function createAdoptSequences(deps: AdoptDependencies): AdoptSequences {
  const auditedMs = new Map<NodeId, number>();
  return async (caller, told) => {
    const isAhead = ({ lane, sequence }: LaneTold): boolean => sequence > caller.sequence[lane];
    const ahead = told.filter(isAhead);
    if (ahead.length === 0) return;
    await update<NodeRecord>(deps.store, keys.node(caller.id), (node) => {
      if (node === null) return null;
      const sequence = { ...node.sequence };
      for (const { lane, sequence: heard } of ahead) {
        // From what the caller was known by: two polls at once raise it once.
        const highest = Math.min(heard, caller.sequence[lane] + MOST_AHEAD);
        sequence[lane] = Math.max(sequence[lane], highest);
      }
      return { ...node, sequence };
    });
    const now = deps.clock.now();
    if (now < (auditedMs.get(caller.id) ?? Number.NEGATIVE_INFINITY) + auditEveryMs) return;
    auditedMs.set(caller.id, now);
    const lanes = ahead.map(({ lane, epoch, sequence }) => ({
      lane,
      epoch,
      sequence,
      known: caller.sequence[lane],
    }));
    await deps.audit.append('sequence-ahead', { nodeId: caller.id, lanes });
  };
}
