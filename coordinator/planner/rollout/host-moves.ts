// What becomes of a host that a rollout is at: drained, changed, taken back where that failed, given
// back to its pods. Each move follows from plans that ended; none issues anything.
import type { NodeId } from '../../../shared/model/ids.ts';
import type { PlanRecord } from '../../store/records.ts';
import type { RolloutHost, RolloutRecord } from '../../store/rollout-record.ts';
import { drainOf, uncordonOf } from '../drain.ts';
import { heldLabels } from '../label-plans.ts';
import type { Situation } from '../situation.ts';
import type { Member } from '../topology.ts';
import { stateOf } from '../want.ts';
import { changeWant, takeBackWant } from './changing.ts';
import { differenceOf, inTurnOf, needsDrain } from './difference.ts';
import { cordonWish, drainWish } from './drain-wish.ts';
import { fresh, standingsOf } from './standings.ts';
import { isAtIt, type Standing } from './waves.ts';

/** Enough to see what holds a host. */
const blockingKept = 5;

type Move = (situation: Situation, rollout: RolloutRecord, standing: Standing) => RolloutHost;

const moves: Readonly<Partial<Record<RolloutHost['state'], Move>>> = {
  draining,
  changing,
  'taking-back': takingBack,
  uncordoning,
};

/** The hosts as they stand now; the same object when none moved. */
export function moveHosts(situation: Situation, rollout: RolloutRecord): RolloutRecord['hosts'] {
  let { hosts } = rollout;
  for (const standing of standingsOf(situation, rollout)) {
    const move = moves[standing.host.state];
    if (move === undefined) continue;
    const after = move(situation, rollout, standing);
    if (after !== standing.host) hosts = { ...hosts, [standing.member.id]: after };
  }
  return hosts;
}

/** A host's turn has come. */
export function beginHost(
  situation: Situation,
  rollout: RolloutRecord,
  member: Member,
): RolloutHost {
  const { now } = situation;
  const difference = differenceOf(situation, member);
  if (difference.refused !== null) return { ...fresh('failed', now), why: difference.refused };
  const held = difference.labels ? heldLabels(situation, member) : null;
  // Nothing of it was changed: it is what it was.
  if (held !== null) return { ...fresh('failed', now), why: wordsOf(held), isTakenBack: true };
  if (inTurnOf(difference).length === 0) return fresh('done', now);
  const drains = needsDrain(situation, difference, rollout.from);
  // Said before the cordon is asked for: whoever reads the record after a crash takes it back.
  return drains ? { ...fresh('draining', now), cordonedMs: now } : fresh('changing', now);
}

function draining(situation: Situation, rollout: RolloutRecord, { member, host }: Standing) {
  const { cluster, now } = situation;
  if (rollout.state === 'aborting') return giveBack(host, { becomes: 'pending', why: null, now });
  const drain = drainOf(situation, drainWish(situation, rollout, { member, host }));
  switch (drain.state) {
    case 'drained':
      return { ...host, state: 'changing' as const, sinceMs: now };
    case 'overdue':
      if (cluster.spec.rollout.drain.onTimeout === 'delete' && host.forcedMs === undefined)
        return { ...host, forcedMs: now };
      return {
        ...giveBack(host, { becomes: 'left', why: null, now }),
        blocking: drain.blocking.slice(0, blockingKept),
      };
    default:
      return host;
  }
}

function changing(situation: Situation, rollout: RolloutRecord, { member, host }: Standing) {
  const { now } = situation;
  if (inTurnOf(differenceOf(situation, member)).length === 0)
    return giveBack(host, { becomes: 'done', why: null, now });
  const state = stateOf(situation, changeWant(situation, rollout, member));
  if (state.kind !== 'held') return host;
  return { ...host, state: 'taking-back' as const, sinceMs: now, why: wordsOf(state.plan) };
}

function takingBack(situation: Situation, rollout: RolloutRecord, { member, host }: Standing) {
  const { now } = situation;
  const state = stateOf(situation, takeBackWant(situation, rollout, member));
  if (state.kind === 'held' || state.kind === 'done') {
    const { why } = host;
    const isTakenBack = state.kind === 'done';
    return { ...giveBack(host, { becomes: 'failed', why, now }), isTakenBack };
  }
  return host;
}

function uncordoning(situation: Situation, rollout: RolloutRecord, { member, host }: Standing) {
  const { state } = uncordonOf(situation, cordonWish(rollout, { member, host }));
  return state === 'uncordoned' ? ended(host, situation.now) : host;
}

interface Ending {
  readonly becomes: NonNullable<RolloutHost['becomes']>;
  readonly why: string | null;
  readonly now: number;
}

function giveBack(host: RolloutHost, { becomes, why, now }: Ending): RolloutHost {
  const after = { ...host, becomes, why: why ?? host.why, sinceMs: now };
  return host.cordonedMs === null ? ended(after, now) : { ...after, state: 'uncordoning' };
}

function ended(host: RolloutHost, now: number): RolloutHost {
  const { becomes, why, blocking, isTakenBack } = host;
  return {
    ...fresh(becomes ?? 'pending', now),
    why: becomes === 'failed' || becomes === 'left' ? why : null,
    ...(blocking === undefined ? {} : { blocking }),
    ...(isTakenBack === undefined ? {} : { isTakenBack }),
  };
}

export const wordsOf = (plan: PlanRecord): string =>
  plan.error?.message ?? plan.message ?? plan.refusal ?? `plan ${plan.planId} was ${plan.state}`;

export const busyHosts = (hosts: RolloutRecord['hosts']): readonly NodeId[] =>
  Object.entries(hosts).flatMap(([id, host]) => (isAtIt(host) ? [id as NodeId] : []));
