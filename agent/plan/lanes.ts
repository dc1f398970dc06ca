// The plans that run now, by lane: the host lane holds one, the cluster lane several. Starts an
// executor per plan, starts it again when the journal could not be written, and says what goes on.
import type { Clock } from '../../shared/clock.ts';
import { isAbort, toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { asPlanId } from '../../shared/model/ids.ts';
import type { Lane, Plan } from '../../shared/model/plan.ts';
import type { StepError } from '../../shared/model/progress.ts';
import { backoffMs } from '../../shared/retry.ts';
import type { LaneReport } from '../link/coordinator-link.ts';
import type { StepRegistry } from '../steps/step-runner.ts';
import { type CoordinatorContact, runPlan } from './executor.ts';
import type { PlanHistory } from './history.ts';
import { unfinishedPlans } from './history.ts';
import type { PlanLedger } from './ledger.ts';
import type { StepServices } from './step-context.ts';

export interface Lanes {
  /** Goes on with everything that the journal shows unfinished. */
  resume(): Promise<void>;
  /** Of an accepted plan. */
  start(plan: Plan, isOwn: boolean): void;
  /** The stop is in the journal already. */
  stop(planId: string): void;
  reports(): readonly LaneReport[];
}

export interface LanesOptions {
  readonly ledger: PlanLedger;
  readonly registry: StepRegistry;
  readonly services: StepServices;
  readonly clock: Clock;
  readonly log: Logger;
  readonly bootId: string;
  readonly random: () => number;
  readonly signedNow: () => number;
  readonly coordinator: CoordinatorContact;
  readonly signal: AbortSignal;
  /** In one clause, when no step begins for a reason of the whole agent. */
  readonly trouble: () => string | null;
  /** A plan began or ended. */
  readonly onChange: (finishedPlanId: string | null) => void;
}

interface RunningPlan {
  readonly plan: Plan;
  readonly stop: AbortController;
  readonly doing: Map<string, string>;
  /** No step begins before a signed go-on. */
  isWaiting: boolean;
}

const retryBackoff = { firstMs: 1_000, maxMs: 60_000 };

export function createLanes(options: LanesOptions): Lanes {
  const { ledger, clock, log, signal } = options;
  const running = new Map<string, RunningPlan>();

  const historyOf = (planId: string): PlanHistory => {
    const history = ledger.state().plans.get(asPlanId(planId));
    if (history === undefined) throw toAppError(`plan ${planId} is not in the journal`);
    return history;
  };

  const runToEnd = async (plan: Plan, isOwn: boolean, of: RunningPlan): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await runPlan({
          plan,
          isOwn,
          bootId: options.bootId,
          registry: options.registry,
          services: options.services,
          record: ledger.record,
          history: () => historyOf(plan.planId),
          signedNow: options.signedNow,
          coordinator: options.coordinator,
          stopped: of.stop.signal,
          signal,
          onHold: (isHeld) => {
            of.isWaiting = isHeld;
            // The coordinator is to know at once that its word is waited for.
            if (isHeld) options.onChange(null);
          },
          say: (stepId, sentence) => {
            if (sentence === null) of.doing.delete(stepId);
            else of.doing.set(stepId, sentence);
          },
        });
        return;
      } catch (thrown) {
        if (signal.aborted || isAbort(thrown)) throw thrown;
        const why = toAppError(thrown).message;
        const waitMs = backoffMs(attempt, retryBackoff, options.random());
        log.error(
          { planId: plan.planId, err: thrown, waitMs },
          'a plan cannot go on; trying again',
        );
        of.doing.clear();
        of.doing.set('', `cannot go on: ${why}`);
        await clock.sleep(waitMs, signal);
      }
    }
  };

  const start = (plan: Plan, isOwn: boolean): void => {
    if (running.has(plan.planId)) return;
    const stop = new AbortController();
    const doing = new Map<string, string>();
    if (historyOf(plan.planId).isStopped) stop.abort();
    const entry: RunningPlan = { plan, stop, doing, isWaiting: false };
    running.set(plan.planId, entry);
    void runToEnd(plan, isOwn, entry).then(
      () => {
        running.delete(plan.planId);
        options.onChange(plan.planId);
      },
      (thrown: unknown) => {
        if (!signal.aborted) log.error({ planId: plan.planId, err: thrown }, 'a plan was left');
      },
    );
    options.onChange(null);
  };

  const reportOf = (lane: Lane): LaneReport => {
    const pair = ledger.pairs()[lane];
    const planIds = ledger.unfinished()[lane];
    const sentences = planIds.map((planId) => describe(planId, running.get(planId)));
    const trouble = options.trouble();
    const idle = planIds.length === 0 ? ['idle'] : sentences;
    return {
      lane,
      planIds,
      waiting: planIds.filter((planId) => running.get(planId)?.isWaiting === true),
      epoch: pair?.epoch ?? 0,
      sequence: pair?.sequence ?? 0,
      doing: [...(trouble === null ? [] : [trouble]), ...idle].join('; ').slice(0, 1000),
    };
  };

  return {
    start,
    resume: async () => {
      for (const { planId, lane } of unfinishedPlans(ledger.state())) {
        const plan = await ledger.planOf(planId);
        if (plan !== null) {
          log.info({ planId, lane }, 'going on with a plan');
          start(plan, false);
          continue;
        }
        const error: StepError = {
          code: 'internal',
          message: `what plan ${planId} says is lost or damaged on this host: a new plan is needed`,
          command: null,
          outputTail: null,
          retryable: true,
        };
        const atMs = clock.now();
        await ledger.record({
          event: 'plan-finished',
          atMs,
          planId,
          lane,
          state: 'failed',
          changedSteps: 0,
          error,
        });
      }
    },
    stop: (planId) => running.get(planId)?.stop.abort(),
    reports: () => [reportOf('host'), reportOf('cluster')],
  };
}

function describe(planId: string, of: RunningPlan | undefined): string {
  if (of === undefined) return `${planId}: not begun`;
  const doing = [...of.doing].map(([stepId, sentence]) =>
    stepId === '' ? sentence : `${stepId}: ${sentence}`,
  );
  return `${of.plan.goal}: ${doing.length === 0 ? 'working' : doing.join(', ')}`;
}
