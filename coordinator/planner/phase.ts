// One word for where a host stands, for `get nodes`. Derived, never stored.
import { isFinal } from '../../shared/model/plan.ts';
import type { GoalKind } from '../plan-records/goal-key.ts';
import type { IdentityState } from '../store/records.ts';
import { isNode, isPrepared, type Situation } from './situation.ts';
import type { NodeView } from './view.ts';
import { isHeld, type Wait } from './wait.ts';

export type Phase =
  | Exclude<IdentityState, 'active'>
  | 'joined'
  | 'away'
  | 'ready'
  | 'ready, agent away'
  | 'left out'
  | 'spare'
  | 'held'
  | 'staging'
  | 'preparing'
  | 'starting'
  | 'joining'
  | 'prepared'
  | 'waiting'
  | 'draining'
  | 'changing';

const busy: Readonly<Partial<Record<GoalKind, Phase>>> = {
  stage: 'staging',
  prepare: 'preparing',
  'cluster-keys': 'starting',
  init: 'starting',
  join: 'joining',
};

/** @param waits of this host */
export function phaseOf(situation: Situation, node: NodeView, waits: readonly Wait[]): Phase {
  if (node.record.state !== 'active') return node.record.state;
  const member = situation.topology.byId.get(node.record.id);
  if (member === undefined) return 'joined';
  const isIn = isNode(situation, member);
  if (!node.online) return isIn ? 'ready, agent away' : 'away';
  if (isIn) return inRollout(situation, node) ?? 'ready';
  const held = waits.find(isHeld);
  if (held !== undefined) {
    if (held.reason.code === 'left-out') return 'left out';
    return held.reason.code === 'spare' ? 'spare' : 'held';
  }
  const running = node.plans.find(({ state }) => !isFinal(state));
  const doing = running === undefined ? undefined : busy[running.goalKey.kind];
  return doing ?? (isPrepared(member) ? 'prepared' : 'waiting');
}

/** What a rollout does with a node, for as long as it does. */
function inRollout({ cluster }: Situation, { record }: NodeView): Phase | null {
  if (cluster.change?.subjects.includes(record.id) === true) return 'changing';
  switch (cluster.rollout?.hosts[record.id]?.state) {
    case 'draining':
    case 'uncordoning':
      return 'draining';
    case 'changing':
    case 'taking-back':
      return 'changing';
    default:
      return null;
  }
}
