// Stops what a host waits to go on with and nobody wants any more: after a restart of its machine a host
// begins no step without a signed go-on, and one that will not come would keep its lane for ever.
import type { Clock } from '../../../shared/clock.ts';
import type { Logger } from '../../../shared/log.ts';
import { asPlanId, type NodeId } from '../../../shared/model/ids.ts';
import type { Coordinator } from '../../coordinator.ts';
import type { AuditLog } from '../../events/audit-log.ts';
import type { Plans } from '../../plan-records/plans.ts';
import { stopUnwantedPlan } from '../../plan-records/stop-unwanted-plan.ts';

/** What is not wanted for a moment only (an agent that comes back, a check) is not thrown away. */
export const UNWANTED_FOR_MS = 60_000;

export interface StopUnwantedDependencies {
  readonly plans: Pick<Plans, 'change'>;
  readonly goOn: Coordinator['goOn'];
  readonly clock: Pick<Clock, 'now'>;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly log: Logger;
}

/** @param waiting plans that the host says it waits to go on with */
export async function stopUnwanted(
  deps: StopUnwantedDependencies,
  nodeId: NodeId,
  waiting: readonly string[],
): Promise<void> {
  for (const planId of waiting) {
    const decided = deps.goOn(planId);
    if (decided?.goOn !== 'no' || deps.clock.now() < decided.sinceMs + UNWANTED_FOR_MS) continue;
    const plan = { planId: asPlanId(planId), nodeId };
    if (!(await stopUnwantedPlan(deps, plan, ['accepted']))) continue;
    deps.log.warn({ planId, nodeId }, 'a plan that waits to go on is not wanted any more');
  }
}
