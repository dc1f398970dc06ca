// What became of a goal: from the plans that were made for its content key. Attempts are counted
// here (rule 20): three, ten seconds to five minutes apart, then held until an operator says retry or
// the inputs change; a failure that repeating cannot mend is held at once.
import type { RefusalReason } from '../../shared/model/plan.ts';
import type { PlanRecord } from '../store/records.ts';

export type GoalState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'running'; readonly plan: PlanRecord }
  | { readonly kind: 'done'; readonly plan: PlanRecord }
  | { readonly kind: 'due'; readonly attempt: number }
  | { readonly kind: 'backing-off'; readonly plan: PlanRecord; readonly untilMs: number }
  | { readonly kind: 'held'; readonly plan: PlanRecord };

export const maxAttempts = 3;
const firstBackoffMs = 10_000;
const maxBackoffMs = 300_000;
const repeatMs = 1_000;
const mostDoublings = 9;

/** Not the plan's fault: the same goal is planned again with what is known now, and not counted. */
const planAgain: ReadonlySet<RefusalReason> = new Set([
  'facts-changed',
  'busy',
  'clock',
  'not-yet-valid',
  'expired',
  'old-sequence',
]);

export function goalState(
  plans: readonly PlanRecord[],
  contentKey: string,
  now: number,
): GoalState {
  const mine = plans.filter((plan) => plan.contentKey === contentKey);
  const last = mine.at(-1);
  if (last === undefined) return { kind: 'absent' };
  switch (last.state) {
    case 'issued':
    case 'accepted':
      return { kind: 'running', plan: last };
    case 'done':
      return { kind: 'done', plan: last };
    case 'expired':
      return { kind: 'due', attempt: last.attempt };
    case 'stopped':
      return { kind: 'held', plan: last };
    case 'refused':
      if (last.refusal === null || !planAgain.has(last.refusal))
        return { kind: 'held', plan: last };
      return afterPause(last, { attempt: last.attempt, pauseMs: refusalPause(mine), now });
    case 'failed':
      return afterFailure(last, now);
  }
}

/** A host that refuses again and again (its clock, facts that never settle) is asked ever less often. */
function refusalPause(mine: readonly PlanRecord[]): number {
  const others = mine.findLastIndex((plan) => plan.state !== 'refused');
  const doublings = Math.min(mine.length - 1 - others - 1, mostDoublings);
  return Math.min(maxBackoffMs, repeatMs * 2 ** doublings);
}

function afterFailure(last: PlanRecord, now: number): GoalState {
  if (last.error?.code === 'credentials-expired') return { kind: 'due', attempt: last.attempt };
  const isFinal = last.error?.retryable !== true || last.attempt >= maxAttempts;
  if (isFinal) return { kind: 'held', plan: last };
  const pauseMs = Math.min(maxBackoffMs, firstBackoffMs * 6 ** (last.attempt - 1));
  return afterPause(last, { attempt: last.attempt + 1, pauseMs, now });
}

function afterPause(
  last: PlanRecord,
  next: { readonly attempt: number; readonly pauseMs: number; readonly now: number },
): GoalState {
  const untilMs = (last.finishedMs ?? last.issuedMs) + next.pauseMs;
  if (next.now < untilMs) return { kind: 'backing-off', plan: last, untilMs };
  return { kind: 'due', attempt: next.attempt };
}
