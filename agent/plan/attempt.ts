// One attempt of one step: check, apply, verify, under its time and its stop. Gives an outcome; never
// throws for what the step did. The records around it are the executor's.
import { AppError } from '../../shared/errors.ts';
import type { StepError, StepOutputs } from '../../shared/model/progress.ts';
import type { StepKind } from '../../shared/model/step.ts';
import { whenAborted } from '../../shared/until-aborted.ts';
import type { StepContext, StepRegistry, StepRunner } from '../steps/step-runner.ts';
import type { StepTurn } from './decide.ts';
import { endEarlierUnits } from './earlier-units.ts';
import { guarded, PutOff } from './put-off.ts';
import { type PlanOfStep, type StepServices, stepContext } from './step-context.ts';
import { checkedOutputs, stepErrorFrom } from './step-error.ts';

export interface AttemptOutcome {
  readonly result: 'satisfied' | 'changed' | 'failed' | 'stopped';
  readonly note: string | null;
  readonly outputs: StepOutputs;
  readonly error: StepError | null;
}

export interface AttemptOptions {
  readonly plan: PlanOfStep;
  readonly registry: StepRegistry;
  readonly services: StepServices;
  /** Fires when the plan is stopped. */
  readonly stopped: AbortSignal;
  readonly say: (sentence: string) => void;
  /** Asked again right before the first command. */
  readonly mayAct: () => boolean;
}

/** What ignores its signal this long after its time is over is left behind and called failed. */
const settleMs = 60_000;

/** Null: it was put off, and nothing was done. */
export async function runAttempt(
  turn: StepTurn,
  options: AttemptOptions,
): Promise<AttemptOutcome | null> {
  const { step } = turn;
  const { clock } = options.services;
  const ended = new AbortController();
  const over = new AbortController();
  let why: 'timeout' | 'stop' | null = null;
  const interrupt = (reason: 'timeout' | 'stop'): void => {
    if (ended.signal.aborted) return;
    why = reason;
    ended.abort();
  };
  const onStop = (): void => interrupt('stop');
  if (step.onStop === 'interrupt') {
    options.stopped.addEventListener('abort', onStop, { once: true });
    if (options.stopped.aborted) onStop();
  }
  const timeoutMs = step.timeoutSeconds * 1000;
  const timer = clock.sleep(timeoutMs, over.signal).then(
    () => interrupt('timeout'),
    () => undefined,
  );
  const host = guarded(options.services.host, options.mayAct);
  const context = stepContext(
    { ...options.services, host },
    {
      plan: options.plan,
      turn,
      signal: ended.signal,
      say: options.say,
    },
  );
  try {
    const work = checkAndDo(turn, { context, options });
    const lost = loseUnresponsive(ended.signal, over.signal, options);
    return await Promise.race([work, lost]);
  } catch (thrown) {
    if (thrown instanceof PutOff) return null;
    return failure(thrown, why, turn);
  } finally {
    options.stopped.removeEventListener('abort', onStop);
    over.abort();
    await timer;
  }
}

async function checkAndDo(
  turn: StepTurn,
  of: { readonly context: StepContext; readonly options: AttemptOptions },
): Promise<AttemptOutcome> {
  const { context, options } = of;
  const { host, clock } = options.services;
  const timeoutMs = context.timeoutMs;
  await endEarlierUnits(turn.earlierUnits, {
    host,
    clock,
    timeoutMs,
    signal: context.signal,
    say: options.say,
  });
  // The registry's type ties kind and arguments together; a step of the union lost that tie.
  const runner = options.registry[turn.step.kind] as unknown as StepRunner<StepKind>;
  return await checkApplyVerify(runner, turn.step.args, context);
}

async function checkApplyVerify(
  runner: StepRunner<StepKind>,
  args: Parameters<StepRunner<StepKind>['check']>[0],
  context: StepContext,
): Promise<AttemptOutcome> {
  const before = await runner.check(args, context);
  if (before.kind === 'satisfied') return outcome('satisfied', before.outputs, before.note);
  context.signal.throwIfAborted();
  context.progress(`${runner.title(args)}: ${before.why}`);
  const applied = await runner.apply(args, context);
  if (runner.verify !== undefined) {
    await runner.verify(args, context);
    return outcome('changed', applied.outputs, applied.note);
  }
  const after = await runner.check(args, context);
  if (after.kind === 'needed') {
    throw new AppError(
      'not-ready',
      `${runner.title(args)} was done, and its check still says: ${after.why}`,
      {
        retryable: true,
      },
    );
  }
  return outcome('changed', { ...after.outputs, ...applied.outputs }, applied.note ?? after.note);
}

/** A record has a size; a note that is too long for it must not end a plan. */
const longestNote = 4_096;

function outcome(
  result: 'satisfied' | 'changed',
  outputs: StepOutputs | undefined,
  note: string | undefined,
): AttemptOutcome {
  return {
    result,
    note: note?.slice(0, longestNote) ?? null,
    outputs: checkedOutputs(outputs ?? {}),
    error: null,
  };
}

function failure(thrown: unknown, why: 'timeout' | 'stop' | null, turn: StepTurn): AttemptOutcome {
  const error = stepErrorFrom(thrown);
  if (why === 'stop')
    return { result: 'stopped', note: 'interrupted by a stop', outputs: {}, error: null };
  if (why === null) return { result: 'failed', note: null, outputs: {}, error };
  const seconds = turn.step.timeoutSeconds;
  const detail = error.code === 'interrupted' ? '' : `: ${error.message}`;
  const message = `${turn.step.kind} did not end within ${seconds} s${detail}`;
  return {
    result: 'failed',
    note: null,
    outputs: {},
    error: { ...error, code: 'timeout', message, retryable: true },
  };
}

async function loseUnresponsive(
  ended: AbortSignal,
  over: AbortSignal,
  options: AttemptOptions,
): Promise<never> {
  await whenAborted(ended);
  await options.services.clock.sleep(settleMs, over);
  throw new AppError('timeout', 'it did not react when it was asked to end', { retryable: true });
}
