// The life of a rollout: begun when `apply` asked for what hosts do not have, moved on host by host,
// over when every host is as the spec says, or when too much failed. A transition of the cluster's
// record like any other: it looks, and says what the record should be.
import type { NodeId } from '../../../shared/model/ids.ts';
import { inputsDigestOf } from '../../plan-records/goal-key.ts';
import { isOpenAt } from '../../spec/maintenance-window.ts';
import type { ClusterRecord } from '../../store/records.ts';
import type { RolloutHost, RolloutRecord } from '../../store/rollout-record.ts';
import { mastersToCome } from '../goals/join.ts';
import { clusterPlans, type Situation } from '../situation.ts';
import { aheadOf, differenceOf, inTurnOf, isDifferent, servicesDiffer } from './difference.ts';
import { beginHost, busyHosts, moveHosts } from './host-moves.ts';
import { pastRollout } from './past-rollout.ts';
import { stageOf } from './rollout-stage.ts';
import {
  begunRollout,
  changeable,
  fresh,
  groupsOf,
  moved,
  openRollout,
  standingsOf,
} from './standings.ts';
import { isAtIt, turnOf } from './waves.ts';

const pastKept = 20;

export function beginRollout(situation: Situation): ClusterRecord {
  const { cluster, now } = situation;
  const { wanted, rollout } = cluster;
  const isInstalled = cluster.masters.length > 0 && mastersToCome(situation).length === 0;
  if (wanted === undefined || wanted === null || !isInstalled || cluster.change !== null)
    return cluster;
  const open = openRollout(situation);
  if (open !== null && !isOnlyLeft(open)) return cluster;
  const past = [
    ...(cluster.pastRollouts ?? []),
    ...(rollout === undefined || rollout === null ? [] : [pastRollout(situation, rollout)]),
  ].slice(-pastKept);
  const members = changeable(situation).filter((member) =>
    isDifferent(differenceOf(situation, member)),
  );
  // A pool that grew, a rollout's own limits: nothing that a host has.
  if (members.length === 0 && !servicesDiffer(situation)) return { ...cluster, wanted: null };
  const id = `r${past.length === 0 ? 1 : numberOf(past.at(-1)?.id) + 1}`;
  const { generation, from } = wanted;
  const begun = begunRollout({ id, generation, from, members }, now);
  const serves = cluster.serves ?? from.spec.kubernetes.version;
  return { ...cluster, serves, wanted: null, pastRollouts: past, rollout: begun };
}

const numberOf = (id: string | undefined): number => Number(/^r(\d+)$/.exec(id ?? '')?.[1] ?? 0);

/** It waits for hosts that are away and for nothing else. */
export const isOnlyLeft = ({ hosts }: RolloutRecord): boolean =>
  Object.values(hosts).every(({ state }) => ['done', 'failed', 'left'].includes(state)) &&
  Object.values(hosts).some(({ state }) => state === 'left');

/** Before anything of the control plane is touched. */
export function recordSnapshot(situation: Situation): ClusterRecord {
  const { cluster } = situation;
  const rollout = openRollout(situation);
  if (rollout === null || rollout.snapshot !== null) return cluster;
  const plan = clusterPlans(situation, 'snapshot', rollout.id).find(
    ({ state }) => state === 'done',
  );
  if (plan === undefined) return cluster;
  const { outputs = {} } = plan.steps.find(({ stepId }) => stepId === 'snapshot') ?? {};
  const snapshot = {
    planId: plan.planId,
    node: plan.nodeId,
    path: outputs['path'] ?? '',
    revision: outputs['revision'] ?? '',
    atMs: plan.finishedMs ?? plan.issuedMs,
  };
  return { ...cluster, rollout: { ...rollout, snapshot } };
}

/** The add-ons and settings of the cluster are as the spec says; so is every API server by then. */
export function recordServices(situation: Situation): ClusterRecord {
  const { cluster } = situation;
  const rollout = openRollout(situation);
  if (rollout === null) return cluster;
  const stage = stageOf(situation, rollout);
  if (stage.kind !== 'services') return cluster;
  const inputs = inputsDigestOf(servicesInputs(rollout, stage.digest));
  const plan = clusterPlans(situation, 'services', rollout.id).find(
    ({ state, goalKey }) => state === 'done' && goalKey.inputsDigest === inputs,
  );
  if (plan === undefined) return cluster;
  const services = { digest: stage.digest, atMs: plan.finishedMs ?? plan.issuedMs };
  return { ...cluster, services, serves: cluster.spec.kubernetes.version };
}

/** What the plan for the cluster's services is computed from. */
export const servicesInputs = (rollout: RolloutRecord, digest: string): unknown => [
  rollout.id,
  digest,
];

export function moveRollout(situation: Situation): ClusterRecord {
  const rollout = openRollout(situation);
  if (rollout === null) return situation.cluster;
  let now: RolloutRecord = rollout;
  for (const step of [withNews, withMoves, withoutTurns, withReturned, stopped, withTurns, over]) {
    now = step({ ...situation, cluster: { ...situation.cluster, rollout: now } }, now);
  }
  return now === rollout ? situation.cluster : { ...situation.cluster, rollout: now };
}

type Step = (situation: Situation, rollout: RolloutRecord) => RolloutRecord;

/** Hosts that became nodes meanwhile, and those that left the fleet. */
const withNews: Step = (situation, rollout) => {
  const { view, now } = situation;
  const left = new Set(
    view.nodes
      .filter(({ record }) => record.state !== 'active' && record.state !== 'locked')
      .map(({ record }) => record.id),
  );
  const known = new Set(view.nodes.map(({ record }) => record.id));
  const gone = Object.keys(rollout.hosts).filter(
    (id) => left.has(id as NodeId) || !known.has(id as NodeId),
  );
  const come = changeable(situation).filter(
    (member) =>
      rollout.hosts[member.id] === undefined && isDifferent(differenceOf(situation, member)),
  );
  if (gone.length === 0 && come.length === 0) return rollout;
  const kept = Object.entries(rollout.hosts).filter(([id]) => !gone.includes(id));
  const added = come.map(({ id }): [string, RolloutHost] => [id, fresh('pending', now)]);
  return { ...rollout, hosts: Object.fromEntries([...kept, ...added]) };
};

const withMoves: Step = (situation, rollout) => {
  const hosts = moveHosts(situation, rollout);
  return hosts === rollout.hosts ? rollout : { ...rollout, hosts };
};

/**
 * Groups of which nobody has to be disturbed: what nobody notices was brought to all of them at once, and
 * needs no turns, no soak and no window. A host that is away may have it too: its Node's labels.
 */
const withoutTurns: Step = (situation, rollout) => {
  if (rollout.state !== 'running' || !isHostsStage(situation, rollout)) return rollout;
  let after = rollout;
  for (const { standings } of groupsOf(situation, rollout)) {
    if (standings.some(({ host }) => isAtIt(host))) continue;
    const waiting = standings.filter(({ host }) => ['pending', 'left'].includes(host.state));
    const isCalm = waiting.every(({ member }) => {
      const difference = differenceOf(situation, member);
      return inTurnOf(difference).length === 0 && difference.refused === null;
    });
    if (!isCalm) continue;
    for (const { member } of waiting) {
      if (aheadOf(differenceOf(situation, member)).length > 0) continue;
      after = moved(after, member.id, beginHost(situation, rollout, member));
    }
  }
  return after;
};

/** Away at its turn: left. There again, or the pause is over: its turn comes again. */
export const LEFT_PAUSE_MS = 300_000;

const withReturned: Step = (situation, rollout) => {
  if (rollout.state !== 'running') return rollout;
  const { now } = situation;
  let after = rollout;
  for (const { member, host } of standingsOf(situation, rollout)) {
    const { online } = member.node;
    if (host.state === 'pending' && !online && isHostsStage(situation, rollout)) {
      after = moved(after, member.id, fresh('left', now));
    }
    const wasAway = host.blocking === undefined;
    if (host.state === 'left' && online && (wasAway || now - host.sinceMs >= LEFT_PAUSE_MS))
      after = moved(after, member.id, fresh('pending', now));
  }
  return after;
};

const isHostsStage = (situation: Situation, rollout: RolloutRecord): boolean =>
  stageOf(situation, rollout).kind === 'hosts';

/** A canary that failed, or more hosts than the budget has: nothing new begins. */
const stopped: Step = (situation, rollout) => {
  if (rollout.state !== 'running') return rollout;
  const failed = standingsOf(situation, rollout).filter(({ host }) => host.state === 'failed');
  const [first] = failed.toSorted((a, b) => a.host.sinceMs - b.host.sinceMs);
  if (first === undefined) return rollout;
  const { failureBudget, canary } = situation.cluster.spec.rollout;
  const doneOfPool = standingsOf(situation, rollout).filter(
    ({ host, member }) => host.state === 'done' && member.pool.name === first.member.pool.name,
  );
  const isCanary = doneOfPool.length < canary;
  if (!isCanary && failed.length < Math.max(1, failureBudget)) return rollout;
  // What is under way ends first.
  if (busyHosts(rollout.hosts).length > 0) return rollout;
  return {
    ...rollout,
    state: 'stopped',
    stateSinceMs: situation.now,
    stoppedBy: { nodeId: first.member.id, why: first.host.why ?? '' },
  };
};

const withTurns: Step = (situation, rollout) => {
  const { cluster, now } = situation;
  if (rollout.state !== 'running' || !isHostsStage(situation, rollout)) return rollout;
  const failed = Object.values(rollout.hosts).some(({ state }) => state === 'failed');
  if (failed && isSpent(situation, rollout)) return rollout;
  if (!isOpenAt(cluster.spec.rollout.windows, now) || cluster.change !== null) return rollout;
  let after = rollout;
  for (const group of groupsOf(situation, rollout)) {
    const turn = turnOf(group, cluster.spec.rollout, now);
    if (turn.kind === 'over') continue;
    if (turn.kind === 'begin') {
      for (const member of turn.members)
        after = moved(after, member.id, beginHost(situation, rollout, member));
    }
    return after;
  }
  return after;
};

function isSpent({ cluster }: Situation, { hosts }: RolloutRecord): boolean {
  const failed = Object.values(hosts).filter(({ state }) => state === 'failed').length;
  return failed >= Math.max(1, cluster.spec.rollout.failureBudget);
}

const over: Step = (situation, rollout) => {
  const { now } = situation;
  const busy = busyHosts(rollout.hosts).length > 0 || situation.cluster.change !== null;
  if (rollout.state === 'aborting')
    return busy ? rollout : { ...rollout, state: 'aborted', stateSinceMs: now };
  if (rollout.state !== 'running' || busy || !isHostsStage(situation, rollout)) return rollout;
  const hosts = Object.values(rollout.hosts);
  if (hosts.some(({ state }) => state === 'pending' || state === 'left')) return rollout;
  const failed = standingsOf(situation, rollout).find(({ host }) => host.state === 'failed');
  if (failed === undefined) return { ...rollout, state: 'done', stateSinceMs: now };
  const stoppedBy = { nodeId: failed.member.id, why: failed.host.why ?? '' };
  return { ...rollout, state: 'stopped', stateSinceMs: now, stoppedBy };
};
