// A host on which plans run without a machine: runners that change a map and count, a journal that
// is a list, and a kill that may come before or after any record.

import type { ExecutorOptions } from '../../agent/plan/executor.ts';
import { runPlan } from '../../agent/plan/executor.ts';
import { foldRecords, type PlanHistory } from '../../agent/plan/history.ts';
import type { StepContext, StepRegistry } from '../../agent/steps/step-runner.ts';
import { AppError } from '../../shared/errors.ts';
import type { Plan } from '../../shared/model/plan.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';
import { untilAborted } from '../../shared/until-aborted.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeHost } from '../fakes/host.ts';
import { fakeServices } from './step-services.ts';

export interface Kill {
  /** Counted over all records of the plan. */
  readonly record: number;
  readonly when: 'before' | 'after';
}

export type Behaviour = (turn: {
  readonly path: string;
  readonly signal: AbortSignal;
  /** A command of the attempt on the host. */
  readonly command: (argv: readonly string[]) => Promise<unknown>;
}) => Promise<void>;

const forever = new Promise<never>(() => undefined);

export class PlanWorld {
  readonly clock = new FakeClock();
  readonly host = new FakeHost();
  readonly records: JournalRecord[] = [];
  /** Applies by path. */
  readonly applied = new Map<string, number>();
  readonly done = new Set<string>();
  /** What apply does before its effect, by path. */
  readonly behaviours = new Map<string, Behaviour>();
  readonly said: string[] = [];
  readonly holds: boolean[] = [];
  bootId = 'boot-1';
  lastAnswerBootMs: number | null = 0;
  readonly goOn = new Set<string>();
  private answered = Promise.withResolvers<void>();
  readonly plan: Plan;

  constructor(plan: Plan) {
    this.plan = plan;
    this.records.push({
      event: 'plan-accepted',
      atMs: 0,
      planId: plan.planId,
      lane: plan.lane,
      goal: plan.goal,
      epoch: plan.epoch,
      sequence: plan.sequence,
      digest: 'd',
      bootId: this.bootId,
    });
  }

  history(): PlanHistory {
    const history = foldRecords(this.records).plans.get(this.plan.planId);
    if (history === undefined) throw new Error('not accepted');
    return history;
  }

  answer(): void {
    this.lastAnswerBootMs = this.clock.boot();
    this.answered.resolve();
    this.answered = Promise.withResolvers<void>();
  }

  /** One life of the agent: to the plan's end, or to the kill. */
  async live(life: {
    readonly isOwn: boolean;
    readonly kill?: Kill | null;
    readonly stop?: AbortSignal;
    /** Fires when the agent is to end. */
    readonly ending?: AbortSignal;
  }): Promise<'ended' | 'killed'> {
    let isAlive = true;
    const died = Promise.withResolvers<'killed'>();
    const die = (): Promise<never> => {
      isAlive = false;
      died.resolve('killed');
      return forever;
    };
    const record = async (entry: JournalRecord): Promise<void> => {
      if (!isAlive) return await forever;
      const { kill } = life;
      const isTheOne = kill !== undefined && kill !== null && kill.record === this.records.length;
      if (isTheOne && kill.when === 'before') return await die();
      this.records.push(entry);
      if (isTheOne) return await die();
    };
    const options: ExecutorOptions = {
      plan: this.plan,
      isOwn: life.isOwn,
      bootId: this.bootId,
      registry: this.registry(() => isAlive),
      services: fakeServices({ host: this.host, clock: this.clock }),
      record,
      history: () => this.history(),
      signedNow: () => this.clock.now(),
      coordinator: {
        lastAnswerBootMs: () => this.lastAnswerBootMs,
        mayGoOn: (planId) => this.goOn.has(planId),
        nextAnswer: async (signal) => await untilAborted(signal, this.answered.promise),
      },
      stopped: life.stop ?? new AbortController().signal,
      signal: life.ending ?? new AbortController().signal,
      onHold: (isHeld) => void this.holds.push(isHeld),
      say: (stepId, sentence) => void this.said.push(`${stepId}: ${sentence}`),
    };
    return await Promise.race([runPlan(options).then(() => 'ended' as const), died.promise]);
  }

  private registry(isAlive: () => boolean): StepRegistry {
    const runner = {
      kind: 'write-file' as const,
      title: ({ path }: { path: string }) => `write ${path}`,
      check: async ({ path }: { path: string }) => {
        if (!isAlive()) return await forever;
        return this.done.has(path)
          ? ({ kind: 'satisfied' } as const)
          : ({ kind: 'needed', why: 'not there' } as const);
      },
      apply: async ({ path }: { path: string }, context: StepContext) => {
        if (!isAlive()) return await forever;
        this.applied.set(path, (this.applied.get(path) ?? 0) + 1);
        await this.behaviours.get(path)?.({
          path,
          signal: context.signal,
          command: (argv) => context.host.change(argv, { unit: context.unit, timeoutMs: 1_000 }),
        });
        if (!isAlive()) return await forever;
        this.done.add(path);
        return {};
      },
    };
    // Only one kind is ever used here.
    return { 'write-file': runner } as unknown as StepRegistry;
  }
}

export const fails =
  (code: 'exec-failed' | 'not-ready', details: Record<string, unknown> = {}): Behaviour =>
  async () => {
    throw new AppError(code, 'it went wrong', { retryable: true, details });
  };

/** Works until its signal fires. */
export const hangs: Behaviour = async ({ signal }) => {
  await untilAborted(signal, forever);
};
