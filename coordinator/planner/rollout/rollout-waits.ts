// Why hosts of a rollout wait: said of every host that is not at it, so that each has its place named.

import { isOpenAt, opensAt } from '../../spec/maintenance-window.ts';
import { changeUnderWay } from '../change-under-way.ts';
import type { Situation } from '../situation.ts';
import type { Member } from '../topology.ts';
import type { Wait, WaitReason } from '../wait.ts';
import { lastHeld } from '../want.ts';
import { type RolloutStage, stageOf } from './rollout-stage.ts';
import { groupsOf, standingsOf } from './standings.ts';
import { type Standing, type Turn, turnOf } from './waves.ts';

export function rolloutWaits(situation: Situation): readonly Wait[] {
  const { rollout } = situation.cluster;
  if (rollout === undefined || rollout === null || rollout.state === 'done') return [];
  const standings = standingsOf(situation, rollout);
  const waits = standings.flatMap((standing) => {
    const reason = ownReason(situation, standing);
    return reason === null ? [] : [waitOf(standing.member.name, reason, standing.host.sinceMs)];
  });
  const pending = standings.filter(({ host }) => host.state === 'pending');
  const reasonOf = reasonForPending(situation);
  const forPending = pending.flatMap(({ member, host }) => {
    const reason = reasonOf(member);
    return reason === null ? [] : [waitOf(member.name, reason, host.sinceMs)];
  });
  const ofAll = reasonOf(null);
  const whole = ofAll === null || pending.length > 0 ? [] : [ofAll];
  const { name } = situation.cluster;
  return [...waits, ...forPending, ...whole.map((one) => waitOf(name, one, rollout.stateSinceMs))];
}

const waitOf = (subject: string, reason: WaitReason, sinceMs: number): Wait => ({
  subject,
  reason,
  sinceMs,
});

function ownReason({ cluster }: Situation, { member, host }: Standing): WaitReason | null {
  const rollout = cluster.rollout?.id ?? '';
  if (host.state === 'left')
    return { code: 'rollout-left', rollout, blocking: host.blocking ?? [] };
  if (host.state !== 'failed') return null;
  const isTakenBack = host.isTakenBack === true;
  return { code: 'rollout-failed', rollout, name: member.name, why: host.why ?? '', isTakenBack };
}

/** Asked with null: what the whole rollout waits for. */
function reasonForPending(situation: Situation): (member: Member | null) => WaitReason | null {
  const { cluster, now, topology } = situation;
  const { rollout } = cluster;
  if (rollout === undefined || rollout === null) return () => null;
  const { id, by } = rollout;
  switch (rollout.state) {
    case 'paused':
      return () => ({ code: 'rollout-paused', rollout: id, by });
    case 'aborting':
    case 'aborted':
      return () => ({ code: 'rollout-aborted', rollout: id, by });
    case 'stopped': {
      const { nodeId, why } = rollout.stoppedBy ?? { nodeId: null, why: '' };
      const name = nodeId === null ? '' : (topology.byId.get(nodeId)?.name ?? nodeId);
      return () => ({ code: 'rollout-stopped', rollout: id, name, why });
    }
    case 'done':
      return () => null;
    case 'running':
      break;
  }
  const stage = stageOf(situation, rollout);
  const isAct = stage.kind === 'hosts' || stage.kind === 'etcd' || stage.kind === 'control-plane';
  const { windows } = cluster.spec.rollout;
  if (isAct && !isOpenAt(windows, now) && cluster.change === null) {
    const opensMs = opensAt(windows, now);
    return () => ({ code: 'rollout-window', rollout: id, opensMs });
  }
  if (isAct && cluster.change?.kind === 'defragment') {
    const reason = changeUnderWay(situation, cluster.change, 'rollout');
    return () => reason;
  }
  if (stage.kind !== 'hosts') {
    const reason = stageReason(situation, id, stage);
    // Whoever is at it says so by its own plan.
    const atIt = new Set(cluster.change?.subjects ?? []);
    return (member) => {
      if (member === null) return reason;
      return atIt.has(member.id) || isAtStage(situation, stage, member) ? null : reason;
    };
  }
  const reasonOf = turnReasons(situation);
  return (member) => (member === null ? null : reasonOf(member));
}

function isAtStage(situation: Situation, stage: RolloutStage, member: Member): boolean {
  if (stage.kind !== 'staging' && stage.kind !== 'ahead') return false;
  const kind = stage.kind === 'staging' ? 'stage' : 'lay-down';
  if (lastHeld(situation, member, kind) !== null) return true;
  return workersAt(stage).some(({ id }) => id === member.id);
}

/** Those with a plan of their own; what a master does for others it says of itself. */
const workersAt = (
  stage: Extract<RolloutStage, { kind: 'staging' | 'ahead' }>,
): readonly Member[] => (stage.kind === 'ahead' ? stage.layDown : stage.members);

function stageReason(
  situation: Situation,
  rollout: string,
  stage: Exclude<RolloutStage, { kind: 'hosts' }>,
): WaitReason {
  const members = 'members' in stage ? stage.members : [];
  const { change } = situation.cluster;
  const atIt = members.filter(({ id }) => change === null || change.subjects.includes(id));
  const shown =
    stage.kind === 'etcd' || stage.kind === 'control-plane' ? atIt.slice(0, 1) : members;
  const needed = stage.kind === 'ahead' ? stage.layDown : shown;
  const away = needed.filter(({ node }) => !node.online).map(({ name }) => name);
  const names = shown.map(({ name }) => name);
  return { code: 'rollout-stage', rollout, stage: stage.kind, names, away };
}

/** Looked at once for all hosts: a fleet has thousands. */
function turnReasons(situation: Situation): (member: Member) => WaitReason | null {
  const { cluster, now } = situation;
  const { rollout } = cluster;
  if (rollout === undefined || rollout === null) return () => null;
  for (const group of groupsOf(situation, rollout)) {
    const turn = turnOf(group, cluster.spec.rollout, now);
    if (turn.kind === 'over') continue;
    const atIt = turn.kind === 'begin' ? turn.members.map(({ name }) => name) : turn.names;
    const others: WaitReason = { code: 'rollout-turn', rollout: rollout.id, names: atIt };
    const own = reasonOfTurn(rollout.id, turn) ?? others;
    const members = new Set(group.standings.map(({ member }) => member.id));
    return ({ id }) => (members.has(id) ? own : others);
  }
  return () => null;
}

function reasonOfTurn(rollout: string, turn: Turn): WaitReason | null {
  switch (turn.kind) {
    case 'soak':
      return { code: 'rollout-soak', rollout, names: turn.names, untilMs: turn.untilMs };
    case 'unwell':
      return { code: 'rollout-unwell', rollout, names: turn.names };
    default:
      return null;
  }
}
