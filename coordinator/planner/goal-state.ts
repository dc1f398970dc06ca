// What became of a goal: from the plans that were made for it. Attempts are counted here: a few, ever
// further apart, then held until an operator says retry or the inputs change; a failure that repeating
// cannot mend is held at once. Nothing a host reports makes plans without end: what is not counted as
// an attempt is slowed down, and the hour has a cap.
import type { RefusalReason } from '../../shared/model/plan.ts';
import { type GoalKey, isAbout, isSameGoal } from '../plan-records/goal-key.ts';
import type { PlanRecord } from '../store/records.ts';
import { type GoalRules, goalTable } from './goal-table.ts';

export type GoalState =
  | { readonly kind: 'due'; readonly attempt: number }
  | { readonly kind: 'running'; readonly plan: PlanRecord }
  | { readonly kind: 'done'; readonly plan: PlanRecord }
  | { readonly kind: 'backing-off'; readonly plan: PlanRecord; readonly untilMs: number }
  | { readonly kind: 'held'; readonly plan: PlanRecord };

const repeatMs = 1_000;
const mostDoublings = 9;
const hourMs = 3_600_000;
/** Hosts' clocks and the coordinator's are not the same to the second. */
const clockSlackMs = 60_000;

/** Not the plan's fault: the same goal is planned again with what is known now, and not counted. */
const planAgain: ReadonlySet<RefusalReason> = new Set([
  'facts-changed',
  'busy',
  'clock',
  'not-yet-valid',
  'expired',
  'old-sequence',
]);

export interface Asking {
  readonly key: GoalKey;
  readonly now: number;
  /** A plan of it that ended well is not the end of it: what it brought is not as it should be. */
  readonly isWantedAgain?: boolean;
}

/** @param plans of whoever may carry the goal out, oldest first */
export function goalState(plans: readonly PlanRecord[], asking: Asking): GoalState {
  const { key, now, isWantedAgain = false } = asking;
  const about = plans.filter(({ goalKey }) => isAbout(goalKey, key.kind, key.subject));
  // A retry does not begin a second one beside the one of an earlier generation or with other inputs.
  const running = about.find(({ state }) => state === 'issued' || state === 'accepted');
  if (running !== undefined) return { kind: 'running', plan: running };
  const mine = about.filter(({ goalKey }) => isSameGoal(goalKey, key));
  const state = ofLast(mine, { now, isWantedAgain, rules: goalTable[key.kind] });
  return state.kind === 'due' ? withinTheHour(about, state, asking) : state;
}

interface Judging {
  readonly now: number;
  readonly isWantedAgain: boolean;
  readonly rules: GoalRules;
}

function ofLast(mine: readonly PlanRecord[], judging: Judging): GoalState {
  const last = mine.at(-1);
  if (last === undefined) return { kind: 'due', attempt: 1 };
  switch (last.state) {
    case 'issued':
    case 'accepted':
      return { kind: 'running', plan: last };
    case 'done':
      if (!judging.isWantedAgain) return { kind: 'done', plan: last };
      return afterPause(last, {
        attempt: 1,
        pauseMs: judging.rules.firstBackoffMs,
        now: judging.now,
      });
    case 'expired':
      return { kind: 'due', attempt: last.attempt };
    case 'stopped':
      if (last.stopReason !== 'unwanted') return { kind: 'held', plan: last };
      // Wanted again: nobody asked for it to be left alone.
      return afterPause(last, {
        attempt: last.attempt,
        pauseMs: judging.rules.firstBackoffMs,
        now: judging.now,
      });
    case 'refused':
      if (last.refusal === null || !planAgain.has(last.refusal))
        return { kind: 'held', plan: last };
      return afterPause(last, {
        attempt: last.attempt,
        pauseMs: refusalPause(mine, judging.rules),
        now: judging.now,
      });
    case 'failed':
      return afterFailure(last, judging);
  }
}

/** A host that refuses again and again (its clock, facts that never settle) is asked ever less often. */
function refusalPause(mine: readonly PlanRecord[], rules: GoalRules): number {
  const others = mine.findLastIndex((plan) => plan.state !== 'refused');
  const doublings = Math.min(mine.length - 1 - others - 1, mostDoublings);
  return Math.min(rules.maxBackoffMs, repeatMs * 2 ** doublings);
}

/** Credentials that ran out are no fault of the plan, and repeating it with fresh ones may mend it. */
const isWorthRepeating = ({ error }: PlanRecord): boolean =>
  error?.retryable === true || error?.code === 'credentials-expired';

function afterFailure(last: PlanRecord, { now, rules }: Judging): GoalState {
  if (!isWorthRepeating(last) || last.attempt >= rules.attempts)
    return { kind: 'held', plan: last };
  const pauseMs = Math.min(rules.maxBackoffMs, rules.firstBackoffMs * 6 ** (last.attempt - 1));
  return afterPause(last, { attempt: last.attempt + 1, pauseMs, now });
}

function afterPause(
  last: PlanRecord,
  next: { readonly attempt: number; readonly pauseMs: number; readonly now: number },
): GoalState {
  const untilMs = endOf(last) + next.pauseMs;
  // An end that is still to come was told by a clock that has been set back since: it holds nobody up.
  if (next.now < untilMs && endOf(last) <= next.now + clockSlackMs)
    return { kind: 'backing-off', plan: last, untilMs };
  return { kind: 'due', attempt: next.attempt };
}

/** Other inputs begin to count anew; a host that changes them all the time does not get more plans. */
function withinTheHour(
  about: readonly PlanRecord[],
  due: Extract<GoalState, { kind: 'due' }>,
  { now, key, isWantedAgain = false }: Asking,
): GoalState {
  const { perHour, countsWellEnded } = goalTable[key.kind];
  const recent = about.filter(
    (plan) =>
      (plan.state !== 'done' || (isWantedAgain && countsWellEnded)) &&
      // A lane that was full is nobody's fault.
      plan.refusal !== 'busy' &&
      plan.goalKey.generation === key.generation &&
      endOf(plan) > now - hourMs &&
      endOf(plan) <= now + clockSlackMs,
  );
  const oldest = recent.at(-perHour);
  if (oldest === undefined) return due;
  return { kind: 'backing-off', plan: recent.at(-1) ?? oldest, untilMs: endOf(oldest) + hourMs };
}

const endOf = (plan: PlanRecord): number => plan.finishedMs ?? plan.issuedMs;
