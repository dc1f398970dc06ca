// What is done with a verified reply: stops first, then plans in their order, each verified, refused
// or accepted and started. The verdicts are verify.ts's; this performs them.
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { asPlanId } from '../../shared/model/ids.ts';
import type { Answer, Envelope } from '../../shared/model/plan.ts';
import type { Lanes } from './lanes.ts';
import type { PlanLedger } from './ledger.ts';
import { type PlanExpectation, type Verdict, verifyPlan } from './verify.ts';

export interface ReceptionOptions {
  readonly ledger: PlanLedger;
  readonly lanes: Lanes;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Everything of the expectation that the ledger does not know; facts are collected for it. */
  readonly circumstances: () => Promise<Circumstances>;
  /** A plan was refused because of the facts: they are to be reported. */
  readonly onFactsChanged: () => void;
}

export type Circumstances = Omit<PlanExpectation, 'accepted' | 'known' | 'unfinished'>;

/** True when something new was taken. */
export async function receive(
  reply: { readonly plans: readonly Envelope[]; readonly answer: Answer },
  options: ReceptionOptions,
): Promise<boolean> {
  let isNew = false;
  for (const planId of reply.answer.stop) {
    if (await receiveStop(planId, options)) isNew = true;
  }
  if (reply.plans.length === 0) return isNew;
  const circumstances = await options.circumstances();
  for (const envelope of inOrder(reply.plans, options, circumstances)) {
    if (await receivePlan(envelope, options, circumstances)) isNew = true;
  }
  return isNew;
}

async function receiveStop(planId: string, options: ReceptionOptions): Promise<boolean> {
  const { ledger, lanes, clock, log } = options;
  const id = asPlanId(planId);
  const state = ledger.state();
  const history = state.plans.get(id);
  const isDone = history === undefined ? state.stoppedUnknown.has(id) : history.finished !== null;
  if (isDone || history?.isStopped === true) return false;
  log.info({ planId }, 'plan stopped by the coordinator');
  const atMs = clock.now();
  await ledger.record({ event: 'plan-stop-received', atMs, planId: id });
  if (history !== undefined) lanes.stop(planId);
  // Never accepted, and never will be: this is its end. Its lane is not known here and not used there.
  else
    await ledger.record({
      event: 'plan-finished',
      atMs,
      planId: id,
      lane: 'host',
      state: 'stopped',
      changedSteps: 0,
      error: null,
    });
  return true;
}

async function receivePlan(
  envelope: Envelope,
  options: ReceptionOptions,
  circumstances: Circumstances,
): Promise<boolean> {
  const { ledger, lanes, bootId } = options;
  const verdict = judge(envelope, options, circumstances);
  if (verdict.kind === 'refuse') {
    await ledger.refuse(verdict);
    if (verdict.reason === 'facts-changed') options.onFactsChanged();
    return false;
  }
  const { plan, digest } = verdict;
  // The coordinator holds a refusal and a stop for final: what it no longer waits for is not begun.
  const { refused, stoppedUnknown } = ledger.state();
  if (refused.has(plan.planId) || stoppedUnknown.has(plan.planId)) return false;
  if (verdict.kind === 'repeat' && !(await ledger.isHalfAccepted(plan))) return false;
  await ledger.accept({ plan, digest, envelope, bootId });
  lanes.start(plan, true);
  return true;
}

function judge(
  envelope: Envelope,
  options: ReceptionOptions,
  circumstances: Circumstances,
): Verdict {
  const { ledger } = options;
  return verifyPlan(envelope, {
    ...circumstances,
    accepted: ledger.pairs(),
    known: ledger.known(),
    unfinished: ledger.unfinished(),
  });
}

/** By sequence, so that of two plans of a lane the later one does not shut out the earlier. */
function inOrder(
  plans: readonly Envelope[],
  options: ReceptionOptions,
  circumstances: Circumstances,
): readonly Envelope[] {
  if (plans.length < 2) return plans;
  const keyed = plans.map((envelope) => {
    const verdict = judge(envelope, options, circumstances);
    return { envelope, sequence: verdict.kind === 'refuse' ? 0 : verdict.plan.sequence };
  });
  return keyed.sort((a, b) => a.sequence - b.sequence).map(({ envelope }) => envelope);
}
