// The Node object of a host that has left: removed by an operator, or evicted and followed by another
// host of its name. A master takes it out of the cluster; until then the name is not used again.
import { deleteNode as runbook } from '../../runbooks/delete-node.ts';
import { type Goal, together, type Wishes, waits, wants } from '../goal.ts';
import { isToBeDeleted } from '../left-hosts.ts';
import { delegateOf, type Situation } from '../situation.ts';
import type { NodeView } from '../view.ts';

export const deleteNode: Goal = {
  kind: 'delete-node',
  wishes: (situation) =>
    together(
      situation.view.nodes
        .filter((node) => isToBeDeleted(situation, node))
        .map((node) => wishesOf(situation, node)),
    ),
};

function wishesOf(situation: Situation, { record }: NodeView): Wishes {
  const { id, name, origin } = record;
  const delegate = delegateOf(situation);
  if (delegate === null) {
    const reason = { code: 'no-delegate', what: 'its Node object to be deleted' } as const;
    return waits({ subject: name, reason, sinceMs: record.stateSinceMs ?? situation.now });
  }
  const machineId = origin?.machineId ?? '';
  const inputs = { name, machineId: machineId === 'unknown' ? '' : machineId };
  return wants({
    kind: 'delete-node',
    subject: id,
    by: delegate,
    goal: `delete node ${name}`,
    inputs: () => inputs,
    stages: () => runbook(inputs),
  });
}
