// Host preparation: every chosen control-plane host at once, etcd members with them, and every worker
// that passes the preflight, each on its own.

import { prepareHost } from '../runbooks/prepare-host.ts';
import type { InstallContext } from './install-context.ts';
import { etcdEndpoint, type Member } from './topology.ts';

export function prepareHosts(context: InstallContext): void {
  const { turn, topology, view } = context;
  if (turn.cluster.controlPlane === null) return;
  const controlPlane = context.controlPlane();
  const masters = controlPlane.map((member) => member.address);
  const etcd = controlPlane.map(etcdEndpoint);
  const prepare = (member: Member): boolean => {
    if (context.isDone(member, 'prepare')) return true;
    if (!context.isDone(member, 'stage')) return false;
    const stages = prepareHost({
      member,
      spec: turn.cluster.spec,
      cluster: view.cluster.name,
      materials: context.materials(member),
      masters,
      etcd,
    });
    return (
      context.wantOnce(member, { slug: 'prepare', goal: 'prepare host', stages }).kind === 'done'
    );
  };

  const areReady = controlPlane.map(prepare).every(Boolean);
  // Every member's own plan ended with the etcd gate: that is the gate after the first start.
  if (areReady && !turn.cluster.etcdReady) turn.cluster = { ...turn.cluster, etcdReady: true };

  for (const worker of topology.workers) {
    if (!isWelcome(context, worker)) continue;
    if (context.isClockCompared(worker) || context.isDone(worker, 'prepare')) prepare(worker);
    else sayClockIsUnknown(context, worker);
  }
}

function sayClockIsUnknown({ turn }: InstallContext, worker: Member): void {
  turn.wait(worker.name, {
    for: 'waits for its clock to be compared with the coordinator’s',
    sinceMs: worker.node.record.joinedMs,
    endsWhen: 'its agent reports it, right after its first call',
  });
}

/** A worker that may become a node now. */
export function isWelcome(context: InstallContext, worker: Member): boolean {
  if (!context.passes(worker) || !context.hasArtifacts(worker)) return false;
  if (worker.pool.autoJoin) return true;
  context.turn.hold(worker.name, {
    for: `has joined the fleet, and pool ${worker.pool.name} makes no nodes by itself`,
    sinceMs: worker.node.record.joinedMs,
    endsWhen: `autoJoin is set on pool ${worker.pool.name}`,
  });
  return false;
}
