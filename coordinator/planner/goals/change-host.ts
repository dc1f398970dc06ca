// A host whose turn in a rollout has come: its pods moved away, what differs changed, or taken back
// where that failed, and the node given back to its pods.

import type { RolloutHostState, RolloutRecord } from '../../store/rollout-record.ts';
import { drainOf, uncordonOf } from '../drain.ts';
import { type Goal, nothing, together, type Want, type Wishes, wants } from '../goal.ts';
import { changeWant, takeBackWant } from '../rollout/changing.ts';
import { cordonWish, drainWish } from '../rollout/drain-wish.ts';
import { openRollout, standingsOf } from '../rollout/standings.ts';
import type { Standing } from '../rollout/waves.ts';
import type { Situation } from '../situation.ts';
import type { Wait } from '../wait.ts';

/** What is under way is finished whatever became of the rollout: paused, aborted or stopped. */
const inState = (
  situation: Situation,
  state: RolloutHostState,
  wish: (rollout: RolloutRecord, standing: Standing) => Wishes,
): Wishes => {
  const rollout = openRollout(situation);
  if (rollout === null) return nothing;
  const standings = standingsOf(situation, rollout).filter(({ host }) => host.state === state);
  return together(standings.map((standing) => wish(rollout, standing)));
};

export const changeHost: Goal = {
  kind: 'change-host',
  wishes: (situation) =>
    together([
      drains(situation),
      inState(situation, 'changing', (rollout, { member }) =>
        wants(changeWant(situation, rollout, member)),
      ),
      uncordons(situation),
    ]),
};

export const takeBack: Goal = {
  kind: 'take-back',
  wishes: (situation) =>
    inState(situation, 'taking-back', (rollout, { member }) =>
      wants(takeBackWant(situation, rollout, member)),
    ),
};

/** Wants of two other kinds: the cordon, then the pods. */
const drains = (situation: Situation): Wishes =>
  inState(situation, 'draining', (rollout, standing) =>
    wishesOf(drainOf(situation, drainWish(situation, rollout, standing))),
  );

const uncordons = (situation: Situation): Wishes =>
  inState(situation, 'uncordoning', (rollout, standing) =>
    wishesOf(uncordonOf(situation, cordonWish(rollout, standing))),
  );

const wishesOf = ({ want, wait }: { readonly want: Want | null; readonly wait: Wait | null }) => ({
  wants: want === null ? [] : [want],
  waits: wait === null ? [] : [wait],
});
