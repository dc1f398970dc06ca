// What the journal says about each plan, folded from its records. Pure; knows nothing of the plan's
// content, which is in its envelope.
import type { PlanId } from '../../shared/model/ids.ts';
import type { Lane } from '../../shared/model/plan.ts';
import type { JournalRecord, StepError } from '../../shared/model/progress.ts';

export interface StepHistory {
  /** Of the last intent. */
  readonly attempt: number;
  /** Unit prefixes of attempts that have no outcome of their own: their units may still be there. */
  readonly openUnits: readonly string[];
  /** open: begun, and how it ended is not known. */
  readonly state: 'open' | 'satisfied' | 'changed' | 'failed' | 'stopped';
  readonly error: StepError | null;
}

export interface PlanHistory {
  readonly planId: PlanId;
  readonly lane: Lane;
  /** SHA-256 of the payload that was accepted. */
  readonly digest: string;
  /** Of the boot in which it was accepted. */
  readonly bootId: string;
  readonly acceptedMs: number;
  readonly isStopped: boolean;
  readonly finished: 'done' | 'failed' | 'stopped' | 'expired' | null;
  readonly steps: ReadonlyMap<string, StepHistory>;
}

export interface JournalState {
  /** Accepted plans by id; those whose acceptance was dropped with old segments are not here. */
  readonly plans: ReadonlyMap<string, PlanHistory>;
  readonly refused: ReadonlySet<string>;
  /** Stops for plans that were never accepted. */
  readonly stoppedUnknown: ReadonlySet<string>;
}

const emptyState: JournalState = {
  plans: new Map(),
  refused: new Set(),
  stoppedUnknown: new Set(),
};

export const foldRecords = (records: readonly JournalRecord[]): JournalState =>
  records.reduce(foldRecord, emptyState);

export function foldRecord(state: JournalState, record: JournalRecord): JournalState {
  switch (record.event) {
    case 'plan-accepted': {
      const { planId, lane, digest, bootId, atMs } = record;
      const plan: PlanHistory = {
        planId,
        lane,
        digest,
        bootId,
        acceptedMs: atMs,
        isStopped: state.stoppedUnknown.has(planId),
        finished: null,
        steps: new Map(),
      };
      return { ...state, plans: new Map(state.plans).set(planId, plan) };
    }
    case 'plan-refused':
      return { ...state, refused: new Set(state.refused).add(record.planId) };
    case 'plan-stop-received': {
      if (state.plans.has(record.planId))
        return withPlan(state, record.planId, { isStopped: true });
      return { ...state, stoppedUnknown: new Set(state.stoppedUnknown).add(record.planId) };
    }
    case 'plan-finished':
      return withPlan(state, record.planId, { finished: record.state });
    case 'step-intent': {
      const { planId, stepId, attempt, unit } = record;
      return withStep(state, { planId, stepId }, (before) => ({
        attempt,
        openUnits: [...(before?.openUnits ?? []), unit],
        state: 'open',
        error: null,
      }));
    }
    case 'step-outcome': {
      const { planId, stepId, attempt, result, error } = record;
      return withStep(state, { planId, stepId }, () => ({
        attempt,
        openUnits: [],
        state: result,
        error,
      }));
    }
  }
}

function withPlan(state: JournalState, planId: string, change: Partial<PlanHistory>): JournalState {
  const plan = state.plans.get(planId);
  if (plan === undefined) return state;
  return { ...state, plans: new Map(state.plans).set(planId, { ...plan, ...change }) };
}

function withStep(
  state: JournalState,
  at: { readonly planId: string; readonly stepId: string },
  change: (before: StepHistory | undefined) => StepHistory,
): JournalState {
  const plan = state.plans.get(at.planId);
  if (plan === undefined) return state;
  const steps = new Map(plan.steps).set(at.stepId, change(plan.steps.get(at.stepId)));
  return withPlan(state, at.planId, { steps });
}

/** Accepted and without an end. */
export function unfinishedPlans(state: JournalState): readonly PlanHistory[] {
  return [...state.plans.values()].filter((plan) => plan.finished === null);
}

/** Steps that changed something. */
export function changedSteps(history: PlanHistory): number {
  return [...history.steps.values()].filter((step) => step.state === 'changed').length;
}
