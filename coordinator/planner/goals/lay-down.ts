// What a rollout lays down ahead of everybody's turn, on all its hosts at once: tools and images, which
// nobody notices.
import { type Goal, nothing, together, wants } from '../goal.ts';
import { layDownWant } from '../rollout/changing.ts';
import { stageOf } from '../rollout/rollout-stage.ts';
import { openRollout } from '../rollout/standings.ts';

export const layDown: Goal = {
  kind: 'lay-down',
  wishes: (situation) => {
    const rollout = openRollout(situation);
    if (rollout?.state !== 'running') return nothing;
    const stage = stageOf(situation, rollout);
    if (stage.kind !== 'ahead') return nothing;
    return together(stage.layDown.map((member) => wants(layDownWant(situation, rollout, member))));
  },
};
