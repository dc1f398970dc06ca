// Labels and taints of living nodes, as a rollout brings them: of all its hosts at once, by masters, before
// anybody's turn. A host whose join was under way while they were changed has what the spec said before:
// its turn comes when no rollout is open.
import { delegateFor } from '../drain-plans.ts';
import { type Goal, together, type Wishes, waits, wants } from '../goal.ts';
import { labelWant } from '../label-plans.ts';
import { giftsDiffer } from '../node-gifts.ts';
import { stageOf } from '../rollout/rollout-stage.ts';
import { changeable, openRollout } from '../rollout/standings.ts';
import type { Situation } from '../situation.ts';
import type { Member } from '../topology.ts';

export const labelNode: Goal = {
  kind: 'label-node',
  wishes: (situation) =>
    together(membersFor(situation).map((member) => wishesOf(situation, member))),
};

function membersFor(situation: Situation): readonly Member[] {
  const { wanted, rollout } = situation.cluster;
  const open = openRollout(situation);
  if (open !== null) {
    const stage = open.state === 'running' ? stageOf(situation, open) : null;
    return stage?.kind === 'ahead' ? stage.labels : [];
  }
  // One that was stopped or aborted is an operator's to go on with.
  const isAsked = (wanted ?? null) !== null || (rollout ?? { state: 'done' }).state !== 'done';
  return isAsked ? [] : changeable(situation).filter((member) => giftsDiffer(situation, member));
}

function wishesOf(situation: Situation, member: Member): Wishes {
  const by = delegateFor(situation, member);
  if (by !== null) return wants(labelWant(situation, member, by));
  const { name, node } = member;
  const reason = { code: 'no-delegate', what: 'its labels and taints to be changed' } as const;
  const sinceMs = situation.cluster.rollout?.stateSinceMs ?? node.record.joinedMs;
  return waits({ subject: name, reason, sinceMs });
}
