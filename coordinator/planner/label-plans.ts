// The plans by which a Node gets other labels and taints: by which master, and what became of them. Pure.

import { labelNode } from '../runbooks/label-node.ts';
import type { PlanRecord } from '../store/records.ts';
import { delegateFor, machineIdOf } from './drain-plans.ts';
import type { Want } from './goal.ts';
import { giftsOf, giftsText, givenTo } from './node-gifts.ts';
import type { Situation } from './situation.ts';
import type { Member } from './topology.ts';
import { isOlderAgents, stateOf } from './want.ts';

const nothingGiven = { labels: {}, taints: [] };

export function labelWant(situation: Situation, member: Member, by: Member): Want {
  const text = giftsText(member);
  const node = { node: member.name, machineId: machineIdOf(member) };
  return {
    kind: 'label-node',
    subject: member.id,
    by,
    goal: `label ${member.name}`,
    inputs: () => [node, text],
    brings: () => ({ labels: text }),
    stages: () =>
      labelNode({
        ...node,
        ...giftsOf(member),
        before: givenTo(situation, member) ?? nothingGiven,
      }),
  };
}

/**
 * The plan after which nothing comes of it until an operator acts; else null. A master's agent that does
 * not know how is no trouble of the host's: it is waited for.
 */
export function heldLabels(situation: Situation, member: Member): PlanRecord | null {
  const by = delegateFor(situation, member);
  if (by === null) return null;
  const state = stateOf(situation, labelWant(situation, member, by));
  return state.kind === 'held' && !isOlderAgents(state.plan) ? state.plan : null;
}
