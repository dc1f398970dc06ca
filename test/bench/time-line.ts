// Plans as spans on one clock, each with its slowest steps.
import type { PlanRow } from '../lab/fleet.ts';

export interface Span {
  readonly node: string;
  readonly goal: string;
  /** Seconds after the origin. */
  readonly from: number;
  readonly to: number;
  /** The three slowest steps: "import-kube-apiserver 2.1 s, …". */
  readonly slowest: string;
}

export function timeLine(plans: readonly PlanRow[], originMs: number): readonly Span[] {
  const seconds = (ms: number): number => (ms - originMs) / 1000;
  const spans = plans.map((plan) => ({
    node: plan.nodeName,
    goal: plan.goal,
    from: seconds(plan.issuedMs),
    to: seconds(plan.finishedMs ?? plan.issuedMs),
    slowest: slowestOf(plan),
  }));
  return spans.sort((a, b) => a.from - b.from);
}

function slowestOf(plan: PlanRow): string {
  const timed = plan.steps.flatMap(({ stepId, durationMs }) =>
    durationMs === null ? [] : [{ stepId, durationMs }],
  );
  const slowest = timed.sort((a, b) => b.durationMs - a.durationMs).slice(0, 3);
  return slowest
    .map(({ stepId, durationMs }) => `${stepId} ${(durationMs / 1000).toFixed(1)} s`)
    .join(', ');
}
