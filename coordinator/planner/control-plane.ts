// The control plane, one change at a time. The change under way stands in the cluster's record
// before its plan is issued and leaves it when the gate after it is green (rules 1 and 21).
//
// | change | gate to begin                                        | gate to end                          |
// |--------|------------------------------------------------------|--------------------------------------|
// | init   | every etcd member healthy; /registry empty or ours   | API server and node of the subject   |
// | join   | etcd, every master's /readyz and node                | the same with the subject            |
// The gates are steps of the subject's plan, measured right before it acts and right after.
import type { NodeId } from '../../shared/model/ids.ts';
import { makeClusterKeys, startControlPlane } from '../runbooks/init-control-plane.ts';
import { joinMaster } from '../runbooks/join-node.ts';
import type { ClusterRecord } from '../store/records.ts';
import { credentialsFor } from './credentials.ts';
import type { InstallContext } from './install-context.ts';
import { etcdEndpoint, type Member } from './topology.ts';

export function initControlPlane(context: InstallContext): void {
  const { turn, view } = context;
  const controlPlane = context.controlPlane();
  const first = controlPlane[0];
  if (first === undefined || turn.cluster.masters.length > 0) return;
  if (!context.isDone(first, 'prepare')) return;
  const inputs = {
    member: first,
    spec: turn.cluster.spec,
    cluster: view.cluster.name,
    materials: context.materials(first),
    masters: controlPlane.map((member) => member.address),
    etcd: controlPlane.map(etcdEndpoint),
  };

  const keys = context.wantOnce(first, {
    slug: 'keys',
    goal: 'make cluster keys',
    stages: makeClusterKeys(inputs),
  });
  if (keys.kind !== 'done') return;
  if (turn.cluster.caDigest === null) {
    const digest = keys.plan.steps.find((entry) => entry.stepId === 'ca-digest')?.outputs[
      'caDigest'
    ];
    turn.cluster = { ...turn.cluster, caDigest: digest ?? 'unknown' };
  }
  if (!turn.cluster.etcdReady) {
    turn.wait(first.name, {
      for: 'waits with the first control plane until every etcd member is healthy',
      sinceMs: keys.plan.finishedMs ?? turn.now,
      endsWhen: 'the last control-plane host is prepared',
    });
    return;
  }
  turn.cluster = withChange(turn.cluster, first, { kind: 'init', now: turn.now });
  const init = context.wantOnce(first, {
    slug: 'init',
    goal: 'start control plane',
    stages: startControlPlane(inputs),
  });
  if (init.kind === 'done') turn.cluster = withoutChange(turn.cluster, first);
}

export function growControlPlane(context: InstallContext): void {
  const { turn } = context;
  if (turn.cluster.masters.length === 0) return;
  for (const member of context.controlPlane()) {
    if (turn.cluster.masters.includes(member.id)) continue;
    const { change } = turn.cluster;
    if (change !== null && change.subject !== member.id) {
      const subject = context.topology.byId.get(change.subject)?.name ?? change.subject;
      turn.wait(member.name, {
        for: `waits for its turn to join the control plane: ${subject} is joining`,
        sinceMs: change.beganMs,
        endsWhen: `${subject} is a ready master`,
      });
      continue;
    }
    growBy(context, member);
  }
}

function growBy(context: InstallContext, member: Member): void {
  const { turn } = context;
  // A host that is away does not take the turn: the next one goes first.
  if (turn.cluster.change === null && !member.node.online) {
    turn.wait(member.name, {
      for: 'waits for its agent before it joins the control plane',
      sinceMs: member.node.lastPollMs ?? member.node.record.joinedMs,
      endsWhen: 'the agent calls again',
    });
    return;
  }
  const join = joinState(context, member);
  if (join === 'done') turn.cluster = withoutChange(turn.cluster, member);
}

function joinState(context: InstallContext, member: Member): 'done' | 'pending' {
  const { turn } = context;
  if (context.isDone(member, 'join')) return 'done';
  const sealed = credentialsFor(context, member);
  if (sealed === null) return 'pending';
  turn.cluster = withChange(turn.cluster, member, { kind: 'join', now: turn.now });
  const state = context.wantOnce(member, {
    slug: 'join',
    goal: 'join control plane',
    stages: joinMaster({
      member,
      sealed,
      etcd: context.controlPlane().map(etcdEndpoint),
      masters: context.masters(),
    }),
    inputs: { address: member.address, labels: member.labels },
  });
  return state.kind === 'done' ? 'done' : 'pending';
}

/** Masters still to come that are able to: workers wait for these and for no others. */
export function mastersToCome(context: InstallContext): readonly Member[] {
  const { turn } = context;
  const isAble = (member: Member): boolean =>
    member.node.online &&
    !turn.waits.some((wait) => wait.subject === member.name && wait.kind === 'held');
  const subject = context.topology.byId.get(turn.cluster.change?.subject ?? ('' as NodeId));
  // A change that cannot go on holds back the masters behind it, and must not hold back workers.
  if (subject !== undefined && !isAble(subject)) return [];
  return context
    .controlPlane()
    .filter((member) => !turn.cluster.masters.includes(member.id))
    .filter(isAble);
}

function withChange(
  cluster: ClusterRecord,
  subject: Member,
  begin: { readonly kind: 'init' | 'join'; readonly now: number },
): ClusterRecord {
  if (cluster.change !== null) return cluster;
  return { ...cluster, change: { kind: begin.kind, subject: subject.id, beganMs: begin.now } };
}

function withoutChange(cluster: ClusterRecord, subject: Member): ClusterRecord {
  const masters = cluster.masters.includes(subject.id)
    ? cluster.masters
    : [...cluster.masters, subject.id];
  return { ...cluster, change: null, masters };
}
