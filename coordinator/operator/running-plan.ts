// A plan that is not over, as it is shown: where it is. Pure.
import type { PlanRecord } from '../store/records.ts';
import type { RunningPlan } from './documents.ts';

export function runningPlan(plan: PlanRecord): RunningPlan {
  const isOver = (state: string): boolean => state === 'satisfied' || state === 'changed';
  const current =
    plan.steps.find((step) => step.state === 'running') ??
    plan.steps.find((step) => step.state === 'pending');
  const kinds = plan.stages.flatMap((stage) => stage.steps);
  return {
    planId: plan.planId,
    goal: plan.goal,
    lane: plan.lane,
    state: plan.state,
    step: kinds.find((step) => step.id === current?.stepId)?.id ?? null,
    doneSteps: plan.steps.filter((step) => isOver(step.state)).length,
    steps: plan.steps.length,
  };
}
