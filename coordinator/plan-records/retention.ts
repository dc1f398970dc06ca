// Which plans and requests are kept: the newest of each goal, and what passes for as long as somebody
// may look at it. Older ones go with their envelopes; the audit log remembers them. Pure.
import { isFinal } from '../../shared/model/plan.ts';
import { goalTable } from '../planner/goal-table.ts';
import type { OperatorRequest, PlanRecord } from '../store/records.ts';

/** @param plans of one host, oldest first @returns those that are not kept any more */
export function plansToDrop(plans: readonly PlanRecord[], now: number): readonly PlanRecord[] {
  const ended = plans.filter(({ state }) => isFinal(state));
  const groups = Map.groupBy(ended, ({ goalKey: { kind, subject } }) => `${kind} ${subject}`);
  // Of the smoke test, for one, operators are shown the last.
  const newest = new Map(ended.map((plan) => [plan.goalKey.kind, plan]));
  return [...groups.values()].flatMap((group) => {
    const [{ goalKey } = { goalKey: null }] = group;
    if (goalKey === null) return [];
    const { kept, keptMs } = goalTable[goalKey.kind];
    const isOld = (plan: PlanRecord): boolean =>
      keptMs !== null && endOf(plan) < now - keptMs && newest.get(goalKey.kind) !== plan;
    return group.filter((plan, index) => index < group.length - kept || isOld(plan));
  });
}

const endOf = (plan: PlanRecord): number => plan.finishedMs ?? plan.issuedMs;

const requestKeptMs = 24 * 3_600_000;
const requestsKept = 40;

/** Requests nobody asks about any more. Their plans go after them, so that none is made anew. */
export function requestsToDrop(
  requests: readonly OperatorRequest[],
  now: number,
): readonly OperatorRequest[] {
  const newestFirst = requests.toSorted((a, b) => b.createdMs - a.createdMs);
  return newestFirst.filter(
    ({ createdMs }, index) => index >= requestsKept || createdMs < now - requestKeptMs,
  );
}
