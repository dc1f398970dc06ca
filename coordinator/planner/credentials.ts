// Join credentials: made on a master for one host, sealed to its key, good for fifteen minutes. They
// are made as soon as there is a master, so that no joining host waits for them.
import type { SealedSecret } from '../../shared/model/step.ts';
import { controlPlaneEndpoint } from '../render/kubeadm-config.ts';
import { credentialSeconds, deleteCredentials, joinCredentials } from '../runbooks/join-node.ts';
import type { PlanRecord } from '../store/records.ts';
import type { InstallContext } from './install-context.ts';
import type { Member } from './topology.ts';

/** A join has to be able to end before its credentials do. */
const reserveMs = 180_000;

/** The newest credentials that are still good; wants new ones when there are none. */
export function credentialsFor(context: InstallContext, consumer: Member): SealedSecret | null {
  const { turn } = context;
  const made = madeFor(context, consumer).filter((plan) => plan.state === 'done');
  const good = made.findLast((plan) => expiresMs(plan) - reserveMs > turn.now);
  if (good !== undefined) return sealedOf(good);

  const delegate = context.delegate();
  if (delegate === null) {
    turn.wait(consumer.name, {
      for: 'waits for join credentials: no master’s agent is calling',
      sinceMs: turn.now,
      endsWhen: 'the agent of a master calls again',
    });
    return null;
  }
  const server = `https://${controlPlaneEndpoint(turn.cluster.spec)}`;
  const state = turn.want({
    member: delegate,
    lane: 'cluster',
    goal: `create join credentials for ${consumer.name}`,
    // The count makes expired ones be followed by new ones; the delegate, that a dead one blocks nobody.
    key: `${prefixFor(consumer)}${delegate.id}/${made.length}`,
    stages: () => joinCredentials(consumer, server),
  });
  turn.wait(consumer.name, {
    for: `waits for join credentials from ${delegate.name}`,
    sinceMs: state.kind === 'running' ? state.plan.issuedMs : turn.now,
    endsWhen: `${delegate.name} has made them`,
  });
  return null;
}

/** After the join nothing that could be used again stays in the cluster. */
export function forgetCredentials(context: InstallContext, consumer: Member): void {
  for (const plan of madeFor(context, consumer)) {
    const tokenId = plan.steps[0]?.outputs['tokenId'];
    const maker = context.topology.byId.get(plan.nodeId);
    if (tokenId === undefined || maker === undefined) continue;
    const isGone = expiresMs(plan) < context.turn.now;
    if (isGone || !maker.node.online) continue;
    context.turn.want({
      member: maker,
      lane: 'cluster',
      goal: `delete join credentials of ${consumer.name}`,
      key: `forget/${plan.planId}`,
      stages: () => deleteCredentials(tokenId),
    });
  }
}

const prefixFor = (consumer: Member): string => `credentials/${consumer.id}/`;

function madeFor(context: InstallContext, consumer: Member): readonly PlanRecord[] {
  const plans = context.view.nodes.flatMap((node) =>
    node.plans.filter((plan) => plan.contentKey.startsWith(prefixFor(consumer))),
  );
  return plans.sort((a, b) => a.issuedMs - b.issuedMs);
}

const expiresMs = (plan: PlanRecord): number =>
  (plan.finishedMs ?? plan.issuedMs) + credentialSeconds * 1000;

function sealedOf(plan: PlanRecord): SealedSecret | null {
  const text = plan.steps[0]?.outputs['sealed'];
  return text === undefined ? null : (JSON.parse(text) as SealedSecret);
}
