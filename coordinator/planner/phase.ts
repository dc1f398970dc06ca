// One word for where a host stands, for `get nodes`. Derived, never stored.
import type { InstallContext } from './install-context.ts';
import type { NodeView } from './view.ts';

export function phaseOf(context: InstallContext, node: NodeView): string {
  const { turn, topology } = context;
  if (node.record.state !== 'active') return node.record.state;
  const member = topology.byId.get(node.record.id);
  if (member === undefined) return 'joined';
  const isMaster = turn.cluster.masters.includes(member.id);
  const isNode = isMaster || context.isDone(member, 'join');
  if (!node.online) return isNode ? 'ready, agent away' : 'away';
  if (isNode) return 'ready';
  const held = turn.waits.find((wait) => wait.subject === member.name && wait.kind === 'held');
  if (held !== undefined) {
    if (held.for.startsWith('is left out')) return 'left out';
    return held.for.startsWith('is spare') ? 'spare' : 'held';
  }
  const running = node.plans.find((plan) => plan.state === 'issued' || plan.state === 'accepted');
  const slug = running?.contentKey.split('/')[0] ?? '';
  const busy: Readonly<Record<string, string>> = {
    stage: 'staging',
    prepare: 'preparing',
    keys: 'starting',
    init: 'starting',
    join: 'joining',
  };
  return busy[slug] ?? (context.isDone(member, 'prepare') ? 'prepared' : 'waiting');
}
