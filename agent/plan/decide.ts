// What is to be done next with an accepted plan, from its journal history alone: which steps run now,
// whether the plan waits, whether it is over. Pure; the executor asks again after every record.
import type { Plan, Stage } from '../../shared/model/plan.ts';
import type { StepError } from '../../shared/model/progress.ts';
import type { Step } from '../../shared/model/step.ts';
import type { PlanHistory, StepHistory } from './history.ts';

export interface StepTurn {
  readonly step: Step;
  readonly attempt: number;
  /** Prefix of the transient units this attempt may start. */
  readonly unit: string;
  /** Units of attempts whose end is not known: they end, or are ended, before any check. */
  readonly earlierUnits: readonly string[];
  /** settle: begun before a stop and may be interrupted: its units are ended, nothing is checked or done. */
  readonly mode: 'run' | 'settle';
}

export type PlanDecision =
  /** Run these, all at once, then ask again. */
  | { readonly kind: 'run'; readonly stage: number; readonly turns: readonly StepTurn[] }
  /** No step begins before a signed go-on. */
  | { readonly kind: 'hold'; readonly why: string }
  | {
      readonly kind: 'finish';
      readonly state: 'done' | 'failed' | 'stopped';
      readonly error: StepError | null;
    }
  | { readonly kind: 'finished' };

export interface Circumstances {
  /** The plan was begun by this process: no restart lies between. */
  readonly isOwn: boolean;
  readonly bootId: string;
  readonly nowMs: number;
  readonly mayGoOn: boolean;
  /** The step has measured its gate a moment ago. */
  readonly isYoung: (stepId: string) => boolean;
}

export function decidePlan(plan: Plan, history: PlanHistory, now: Circumstances): PlanDecision {
  if (history.finished !== null) return { kind: 'finished' };
  const open = openSteps(plan, history);
  const failure = firstFailure(plan, history);
  const isEnding = history.isStopped || failure !== null;
  const isOtherBoot = !now.isOwn && hasOtherBoot(history, now);
  if (isEnding && open.length === 0) {
    const state = history.isStopped ? 'stopped' : 'failed';
    return { kind: 'finish', state, error: failure };
  }
  const stage = plan.stages.findIndex((one) => !isStageDone(one, history));
  if (stage < 0) return { kind: 'finish', state: 'done', error: null };
  if (!history.isStopped) {
    const why = whyHold(plan, history, now);
    if (why !== null) return { kind: 'hold', why };
  }
  const turnsOf = (steps: readonly Step[]) =>
    steps.map((step) => turnOf(step, { plan, history, isOtherBoot }));
  if (isEnding) return { kind: 'run', stage, turns: turnsOf(open) };
  const candidates = stepsToRun(plan.stages[stage], history);
  const old = candidates.flatMap((step) => gateOf(plan, step)).filter(({ id }) => !now.isYoung(id));
  if (old.length > 0) return { kind: 'run', stage: stage - 1, turns: turnsOf([...new Set(old)]) };
  return { kind: 'run', stage, turns: turnsOf(candidates) };
}

const isDisrupting = ({ effect }: Step): boolean => effect === 'disrupt' || effect === 'destroy';

/**
 * What has to be measured right before a step that others may notice: the stage before its own, where
 * that only looks.
 */
export function gateOf(plan: Plan, step: Step): readonly Step[] {
  if (!isDisrupting(step)) return [];
  const stage = plan.stages.findIndex(({ steps }) => steps.includes(step));
  const before = plan.stages[stage - 1]?.steps ?? [];
  return before.every(({ effect }) => effect === 'read') ? before : [];
}

/** A boot that cannot be told from another counts as another. */
const hasOtherBoot = (history: PlanHistory, { bootId }: Circumstances): boolean =>
  bootId !== history.bootId || bootId === 'unknown';

/** What a restart in between may have made wrong. */
function whyHold(plan: Plan, history: PlanHistory, now: Circumstances): string | null {
  if (now.isOwn || now.mayGoOn) return null;
  if (hasOtherBoot(history, now)) {
    return `the machine was started again since plan ${plan.planId} was accepted; no step begins before the coordinator says go on`;
  }
  if (now.nowMs >= plan.expiresMs) {
    return `plan ${plan.planId} expired before the agent was started again; no step begins before the coordinator says go on`;
  }
  return null;
}

interface TurnOf {
  readonly plan: Plan;
  readonly history: PlanHistory;
  readonly isOtherBoot: boolean;
}

function turnOf(step: Step, of: TurnOf): StepTurn {
  const before = of.history.steps.get(step.id);
  const attempt = (before?.attempt ?? 0) + 1;
  // Of what an earlier boot began nothing runs any more that could be let finish.
  const isInterrupted = of.history.isStopped && (step.onStop === 'interrupt' || of.isOtherBoot);
  return {
    step,
    attempt,
    unit: unitName(of.plan.planId, step.id, attempt),
    earlierUnits: before?.openUnits ?? [],
    mode: isInterrupted ? 'settle' : 'run',
  };
}

/** `muster-<plan>-<step>-<attempt>`; the host adds `_2`, `_3` for further commands of the attempt. */
export function unitName(planId: string, stepId: string, attempt: number): string {
  return `muster-${planId}-${stepId}-${attempt}`;
}

const isDone = (step: StepHistory | undefined): boolean =>
  step?.state === 'satisfied' || step?.state === 'changed';

function isStageDone(stage: Stage, history: PlanHistory): boolean {
  return stage.steps.every((step) => isDone(history.steps.get(step.id)));
}

function stepsToRun(stage: Stage | undefined, history: PlanHistory): readonly Step[] {
  return (stage?.steps ?? []).filter((step) => !isDone(history.steps.get(step.id)));
}

function openSteps(plan: Plan, history: PlanHistory): readonly Step[] {
  const steps = plan.stages.flatMap((stage) => stage.steps);
  return steps.filter((step) => history.steps.get(step.id)?.state === 'open');
}

function firstFailure(plan: Plan, history: PlanHistory): StepError | null {
  for (const step of plan.stages.flatMap((stage) => stage.steps)) {
    const of = history.steps.get(step.id);
    if (of?.state === 'failed') return of.error;
  }
  return null;
}

export interface BeginGate {
  /** Boot-clock time of the coordinator's last answer; null before the first. */
  readonly lastAnswerBootMs: number | null;
  readonly nowBootMs: number;
}

/** For a disrupt or destroy step whose plan gives no limit. */
const defaultBeginWithinSeconds = 60;

/** Null when the step may begin; else how young the last answer must be. */
function beginLimitMs(step: Step): number | null {
  if (step.effect === 'read' || step.effect === 'change') {
    return step.beginWithinSeconds === null ? null : step.beginWithinSeconds * 1000;
  }
  return (step.beginWithinSeconds ?? defaultBeginWithinSeconds) * 1000;
}

export function mayBegin(step: Step, gate: BeginGate): boolean {
  const limitMs = beginLimitMs(step);
  if (limitMs === null) return true;
  return gate.lastAnswerBootMs !== null && gate.nowBootMs - gate.lastAnswerBootMs <= limitMs;
}
