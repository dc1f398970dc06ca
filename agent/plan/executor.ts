// Runs one accepted plan to its end: stages in series, the steps of a stage in parallel, a record of
// intent before each attempt and of its outcome after. Asks the pure decision again after every
// stage, so that a fresh start and a resumed one are the same code.
//
// INVARIANTS: no attempt without its intent on the disk; units are forgotten only after the outcome
// is; when `signal` fires nothing more begins and what runs is left running for the next start.
import { following } from '../../shared/following.ts';
import type { Plan } from '../../shared/model/plan.ts';
import type { JournalRecord, StepError } from '../../shared/model/progress.ts';
import { untilAborted } from '../../shared/until-aborted.ts';
import type { StepRegistry } from '../steps/step-runner.ts';
import { type AttemptOutcome, runAttempt } from './attempt.ts';
import {
  decidePlan,
  gateOf,
  mayBegin,
  type PlanDecision,
  type StepTurn,
  unitName,
} from './decide.ts';
import { changedSteps, type PlanHistory } from './history.ts';
import { type MeasuredGates, measuredGates } from './measured-gates.ts';
import type { StepServices } from './step-context.ts';

export interface ExecutorOptions {
  readonly plan: Plan;
  /** False after a restart of the agent. */
  readonly isOwn: boolean;
  readonly bootId: string;
  readonly registry: StepRegistry;
  readonly services: StepServices;
  /** Appends to the journal; on the disk when it returns. */
  readonly record: (record: JournalRecord) => Promise<void>;
  readonly history: () => PlanHistory;
  /** The coordinator's time, as far as it is known. */
  readonly signedNow: () => number;
  readonly coordinator: CoordinatorContact;
  /** Fires when the plan's stop is in the journal. */
  readonly stopped: AbortSignal;
  /** Fires when the agent ends. */
  readonly signal: AbortSignal;
  /** No step begins before a signed go-on, or one has come. Told once each. */
  readonly onHold: (isHeld: boolean) => void;
  /** Null: nothing is going on in the step any more. */
  readonly say: (stepId: string, sentence: string | null) => void;
}

/** What the coordinator's answers allow. */
export interface CoordinatorContact {
  lastAnswerBootMs(): number | null;
  mayGoOn(planId: string): boolean;
  /** Comes back after the next answer. */
  nextAnswer(signal: AbortSignal): Promise<void>;
}

/** Longer than it takes until the signal to end has arrived too. */
const failurePauseMs = 250;

/** @throws AbortError when the agent ends; AppError when the journal cannot be written. */
export async function runPlan(options: ExecutorOptions): Promise<void> {
  const { plan, signal } = options;
  if (!options.isOwn) await forgetFinishedUnits(options);
  const gates = measuredGates(options.services.clock);
  let isHeld = false;
  const hold = (next: boolean): void => {
    if (next !== isHeld) options.onHold(next);
    isHeld = next;
  };
  for (;;) {
    signal.throwIfAborted();
    const decision = decidePlan(plan, options.history(), {
      isOwn: options.isOwn,
      bootId: options.bootId,
      nowMs: options.signedNow(),
      mayGoOn: options.coordinator.mayGoOn(plan.planId),
      isYoung: gates.isYoung,
    });
    hold(decision.kind === 'hold');
    if (decision.kind === 'finished') return;
    if (decision.kind === 'finish') {
      await finish(decision, options);
      return;
    }
    if (decision.kind === 'hold') {
      options.say('', decision.why);
      await waitForAnswer(options);
      options.say('', null);
      continue;
    }
    await runTurns(decision.turns, options, gates);
  }
}

/** All of them to their end, also when one fails; then the first failure of the journal is thrown. */
async function runTurns(
  turns: readonly StepTurn[],
  options: ExecutorOptions,
  gates: MeasuredGates,
): Promise<void> {
  const results = await Promise.allSettled(turns.map((turn) => runTurn(turn, options, gates)));
  // Once for the stage: each forgetting is a process, and a process is what a busy host has least of.
  await forgetAll(
    results.flatMap((result) => (result.status === 'fulfilled' ? result.value : [])),
    options,
  );
  for (const result of results) {
    if (result.status === 'rejected') throw result.reason;
  }
}

/** The prefixes of the units that are to be forgotten, the outcome being in the journal. */
async function runTurn(
  turn: StepTurn,
  options: ExecutorOptions,
  gates: MeasuredGates,
): Promise<readonly string[]> {
  const { plan, services } = options;
  const { step, attempt, unit } = turn;
  const { clock } = services;
  if (turn.mode === 'settle') {
    await forgetAll(turn.earlierUnits, options);
    const interrupted = {
      result: 'stopped',
      note: 'interrupted by a stop',
      outputs: {},
      error: null,
    } as const;
    await options.record(
      outcomeRecord(turn, interrupted, {
        options,
        beganBootMs: clock.boot(),
        attempt: attempt - 1,
      }),
    );
    return [];
  }
  if (!(await mayBeginNow(turn, options))) return [];
  const planId = plan.planId;
  await options.record({
    event: 'step-intent',
    atMs: clock.now(),
    planId,
    stepId: step.id,
    attempt,
    unit,
  });
  const beganBootMs = clock.boot();
  const log = services.log.child({ planId, stepId: step.id, attempt });
  log.info({ kind: step.kind }, 'step started');
  options.say(step.id, step.kind);
  const work = runAttempt(turn, {
    plan,
    registry: options.registry,
    services,
    stopped: options.stopped,
    say: (sentence) => options.say(step.id, sentence),
    mayAct: () =>
      isAnswerYoung(turn, options) && gateOf(plan, step).every(({ id }) => gates.isYoung(id)),
  });
  // The work itself is not interrupted: its units go on and are found again.
  const outcome = await untilAborted(options.signal, work);
  if (outcome === null) {
    log.warn({ kind: step.kind }, 'step put off: what allowed it to begin has grown old');
    return [];
  }
  if (outcome.error === null) gates.note(step.id);
  // A service that is being stopped has its children ended with it: that is no failure of theirs.
  if (outcome.result === 'failed') await clock.sleep(failurePauseMs, options.signal);
  await options.record(outcomeRecord(turn, outcome, { options, beganBootMs, attempt }));
  options.say(step.id, null);
  const durationMs = clock.boot() - beganBootMs;
  const { result, error } = outcome;
  if (error === null) log.info({ result, durationMs }, 'step ended');
  else log.warn({ result, durationMs, error }, 'step failed');
  return [unit, ...turn.earlierUnits];
}

const isAnswerYoung = ({ step }: StepTurn, options: ExecutorOptions): boolean =>
  mayBegin(step, {
    lastAnswerBootMs: options.coordinator.lastAnswerBootMs(),
    nowBootMs: options.services.clock.boot(),
  });

/** Waits until the coordinator's last answer is young enough. False: stopped meanwhile. */
async function mayBeginNow(turn: StepTurn, options: ExecutorOptions): Promise<boolean> {
  const { step } = turn;
  for (;;) {
    options.signal.throwIfAborted();
    const isResumed = turn.earlierUnits.length > 0;
    if (options.stopped.aborted && !isResumed) return false;
    if (isAnswerYoung(turn, options)) return true;
    options.say(
      step.id,
      `${step.kind} waits: no answer of the coordinator is young enough to begin it`,
    );
    await waitForAnswer(options);
  }
}

async function waitForAnswer(options: ExecutorOptions): Promise<void> {
  const stopped = options.stopped.aborted ? [] : [options.stopped];
  using either = following(options.signal, ...stopped);
  try {
    await options.coordinator.nextAnswer(either.signal);
  } catch (thrown) {
    options.signal.throwIfAborted();
    if (!options.stopped.aborted) throw thrown;
  }
}

interface OutcomeOf {
  readonly options: ExecutorOptions;
  readonly beganBootMs: number;
  readonly attempt: number;
}

function outcomeRecord(turn: StepTurn, outcome: AttemptOutcome, of: OutcomeOf): JournalRecord {
  const { plan, services } = of.options;
  return {
    event: 'step-outcome',
    atMs: services.clock.now(),
    planId: plan.planId,
    stepId: turn.step.id,
    attempt: of.attempt,
    durationMs: services.clock.boot() - of.beganBootMs,
    ...outcome,
  };
}

async function finish(
  decision: Extract<PlanDecision, { kind: 'finish' }>,
  options: ExecutorOptions,
): Promise<void> {
  const { plan, services } = options;
  const error: StepError | null = decision.error;
  const changed = changedSteps(options.history());
  await options.record({
    event: 'plan-finished',
    atMs: services.clock.now(),
    planId: plan.planId,
    lane: plan.lane,
    state: decision.state,
    changedSteps: changed,
    error,
  });
  services.log.info(
    { planId: plan.planId, state: decision.state, changedSteps: changed },
    'plan finished',
  );
}

/** A crash between an outcome and the forgetting of its units leaves them; they say nothing any more. */
async function forgetFinishedUnits(options: ExecutorOptions): Promise<void> {
  const ended = [...options.history().steps].filter(([, step]) => step.state !== 'open');
  await forgetAll(
    ended.map(([stepId, step]) => unitName(options.plan.planId, stepId, step.attempt)),
    options,
  );
}

/** Left-over units are untidy, not wrong: never a reason to end a plan. */
async function forgetAll(prefixes: readonly string[], options: ExecutorOptions): Promise<void> {
  if (prefixes.length === 0) return;
  try {
    await options.services.host.forgetUnits(prefixes);
  } catch (thrown) {
    options.services.log.warn({ units: prefixes, err: thrown }, 'units could not be forgotten');
  }
}
