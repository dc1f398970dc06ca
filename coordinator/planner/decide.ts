// decide(): what a cluster needs next, from what is known now. Pure and level-triggered: it is asked
// again after every change and never replays anything, so a restart of anything is the same as
// going on. The order of section "Order and gates" of ARCHITECTURE.md is this file, top to bottom.

import { stageArtifacts } from '../runbooks/stage-artifacts.ts';
import { afterInstall } from './after-install.ts';
import { chooseControlPlane } from './choose-control-plane.ts';
import { growControlPlane, initControlPlane } from './control-plane.ts';
import type { Decision } from './decision.ts';
import { type InstallContext, installContext } from './install-context.ts';
import { operatorRequests } from './operator-requests.ts';
import { phaseOf } from './phase.ts';
import { isBlocking, preflight, sentence } from './preflight/preflight.ts';
import { prepareHosts } from './prepare-hosts.ts';
import { topologyOf } from './topology.ts';
import { Turn } from './turn.ts';
import type { ClusterView } from './view.ts';
import { joinWorkers } from './workers.ts';

/** @param now milliseconds since 1970 */
export function decide(view: ClusterView, now: number): Decision {
  const topology = topologyOf(view);
  const turn = new Turn(view.cluster, now);
  const begun = (member: { node: { plans: readonly { contentKey: string }[] } }): boolean =>
    member.node.plans.some((plan) => plan.contentKey.startsWith('prepare/'));
  const faults = preflight({ view, topology, hasBegun: begun });
  const context = installContext({ view, topology, turn, faults });

  sayWhoIsLeftOut(context);
  stageEverywhere(context);
  chooseControlPlane(context);
  prepareHosts(context);
  initControlPlane(context);
  growControlPlane(context);
  joinWorkers(context);
  afterInstall(context);
  operatorRequests(context);

  for (const node of view.nodes) turn.phases[node.record.name] = phaseOf(context, node);
  return {
    issue: turn.issue,
    cluster: turn.cluster === view.cluster ? null : turn.cluster,
    waits: turn.waits,
    faults,
    wakeAtMs: turn.wakeAtMs,
    phases: turn.phases,
  };
}

/** A worker that fails the preflight is left out and named; nobody waits for it. */
function sayWhoIsLeftOut({ turn, faults, topology, view }: InstallContext): void {
  for (const node of view.nodes) {
    if (node.record.state === 'active' && node.facts === null) {
      turn.wait(node.record.name, {
        for: 'waits for its first facts',
        sinceMs: node.record.joinedMs,
        endsWhen: 'its agent reports them',
      });
    }
  }
  for (const worker of topology.workers) {
    const own = faults.filter((fault) => fault.node === worker.name && isBlocking(fault));
    if (own.length === 0) continue;
    turn.hold(worker.name, {
      for: `is left out: ${own.map(sentence).join('; ')}`,
      sinceMs: worker.node.facts?.reportedMs ?? turn.now,
      endsWhen: 'the fault is mended, or the check is ignored (apply --ignore CHECK)',
    });
  }
}

/** Staging touches the agent's own directory only, so it needs no gate but the artifacts themselves. */
function stageEverywhere(context: InstallContext): void {
  for (const member of context.topology.members) {
    if (!context.hasArtifacts(member) || context.isDone(member, 'stage')) continue;
    const stages = stageArtifacts(member, context.materials(member));
    context.wantOnce(member, { slug: 'stage', goal: 'stage artifacts', stages });
  }
}
