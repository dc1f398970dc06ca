// Hosts that are no members any more and were nodes of the cluster: whose Node objects are to go, and of
// whom it is known that theirs is gone. Pure.
import type { NodeId } from '../../shared/model/ids.ts';
import { isAbout } from '../plan-records/goal-key.ts';
import type { Situation } from './situation.ts';
import type { Member } from './topology.ts';
import type { NodeView } from './view.ts';

/** Removed; or evicted or banned, and another host has its name now. */
export function isToBeDeleted({ topology }: Situation, { record }: NodeView): boolean {
  const { state, applied, isGone, name } = record;
  if (state === 'active' || state === 'locked') return false;
  if (applied.node === undefined || isGone === true) return false;
  return state === 'retired' || topology.members.some((member) => member.name === name);
}

/** The name of a host that comes is still in the cluster as another's. */
export const isNameLeaving = (situation: Situation, { name }: Member): boolean =>
  situation.view.nodes.some((node) => node.record.name === name && isToBeDeleted(situation, node));

/** Whose Node object a plan that ended well has deleted. */
export function goneHosts(situation: Situation): readonly NodeId[] {
  const done = situation.view.nodes
    .flatMap(({ plans }) => plans)
    .filter(({ goalKey, state }) => goalKey.kind === 'delete-node' && state === 'done');
  return situation.view.nodes
    .filter((node) => isToBeDeleted(situation, node))
    .map(({ record }) => record)
    .filter(({ id, stateSinceMs = 0 }) =>
      done.some(
        ({ goalKey, issuedMs }) => isAbout(goalKey, 'delete-node', id) && issuedMs >= stateSinceMs,
      ),
    )
    .map(({ id }) => id);
}
