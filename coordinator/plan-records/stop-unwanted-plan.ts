// Asks a host to end a plan that nobody wants any more. Not an operator's stop: wanted again, the same
// may be planned again. One that no host has taken is given up by the next turn.
import type { NodeId, PlanId } from '../../shared/model/ids.ts';
import type { PlanState } from '../../shared/model/plan.ts';
import type { AuditLog } from '../events/audit-log.ts';
import type { Plans } from './plans.ts';

export interface StopDependencies {
  readonly plans: Pick<Plans, 'change'>;
  readonly audit: Pick<AuditLog, 'append'>;
}

/** True when it was asked for now; false when that is known, or the plan is over. */
export async function stopUnwantedPlan(
  { plans, audit }: StopDependencies,
  { planId, nodeId }: { readonly planId: PlanId; readonly nodeId: NodeId },
  states: readonly PlanState[] = ['issued', 'accepted'],
): Promise<boolean> {
  const change = await plans.change(planId, (record) =>
    record.nodeId === nodeId && states.includes(record.state) && !record.stopRequested
      ? { ...record, stopRequested: true, stopReason: 'unwanted' }
      : record,
  );
  if (change === null || change.before === change.after) return false;
  await audit.append('plan-stopped', { planId, nodeId, reason: 'unwanted' });
  return true;
}
