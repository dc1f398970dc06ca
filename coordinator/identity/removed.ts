// What is left of a node that was removed: its key, so that its agent is known when it calls again and
// obeys nothing. Nobody is shown it any more. Pure.
import { isLeaving } from '../enrollment/find-duplicate.ts';
import type { NodeRecord } from '../store/records.ts';

export const isRemoved = (node: NodeRecord): boolean =>
  node.state === 'retired' && !isLeaving(node);
