// Workers: all at once after the masters, and later each as it comes. Nothing runs on any other host
// but the making of its credentials, on one master.

import { joinWorker } from '../runbooks/join-node.ts';
import { mastersToCome } from './control-plane.ts';
import { credentialsFor } from './credentials.ts';
import type { InstallContext } from './install-context.ts';
import { isWelcome } from './prepare-hosts.ts';
import type { Member } from './topology.ts';

export function joinWorkers(context: InstallContext): void {
  const { turn, topology } = context;
  for (const worker of topology.workers) {
    if (context.isDone(worker, 'join') || !isWelcome(context, worker)) continue;
    if (turn.cluster.masters.length === 0) {
      sayWaitsForControlPlane(context, worker);
      continue;
    }
    const sealed = credentialsFor(context, worker);
    const toCome = mastersToCome(context);
    if (toCome.length > 0) {
      turn.wait(worker.name, {
        for: `waits for the control plane: ${toCome.map((member) => member.name).join(', ')} still to join`,
        sinceMs: turn.cluster.change?.beganMs ?? turn.now,
        endsWhen: 'the last master is ready',
      });
      continue;
    }
    if (sealed === null || !context.isDone(worker, 'prepare')) continue;
    context.wantOnce(worker, {
      slug: 'join',
      goal: 'join as worker',
      stages: joinWorker(worker, sealed),
      inputs: { address: worker.address, labels: worker.labels, taints: worker.pool.taints },
    });
  }
}

function sayWaitsForControlPlane({ turn }: InstallContext, worker: Member): void {
  turn.wait(worker.name, {
    for: 'waits for the first master',
    sinceMs: worker.node.record.joinedMs,
    endsWhen: 'the control plane is up',
  });
}
