// Journal records as an agent would write them.
import { asStepId, type PlanId } from '../../shared/model/ids.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';

const at = { atMs: 1_800_000_000_000 };

export const acceptedRecord = (planId: PlanId): JournalRecord => ({
  ...at,
  event: 'plan-accepted',
  planId,
  lane: 'host',
  goal: 'prepare host',
  epoch: 1,
  sequence: 1,
  digest: 'd',
  bootId: 'b',
});

export const intentRecord = (planId: PlanId, stepId: string): JournalRecord => ({
  ...at,
  event: 'step-intent',
  planId,
  stepId: asStepId(stepId),
  attempt: 1,
  unit: 'u',
});

export const outcomeRecord = (planId: PlanId, stepId: string): JournalRecord => ({
  ...at,
  event: 'step-outcome',
  planId,
  stepId: asStepId(stepId),
  attempt: 1,
  result: 'changed',
  durationMs: 1200,
  note: null,
  outputs: { digest: 'abc' },
  error: null,
});

export const finishedRecord = (planId: PlanId): JournalRecord => ({
  ...at,
  event: 'plan-finished',
  planId,
  lane: 'host',
  state: 'done',
  changedSteps: 2,
  error: null,
});
