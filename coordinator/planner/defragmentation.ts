// When an etcd member's database is to be defragmented, and when that is given up: one member at a time,
// the leader last, beside no other change. Due by what the members measured, or because an operator
// asked; not while a rollout takes hosts down. Pure.
import { isFinal } from '../../shared/model/plan.ts';
import { isAbout } from '../plan-records/goal-key.ts';
import { isOpenAt } from '../spec/maintenance-window.ts';
import type { OperatorRequest, PlanRecord } from '../store/records.ts';
import type { RolloutRecord } from '../store/rollout-record.ts';
import { goalState } from './goal-state.ts';
import { mastersToCome } from './goals/join.ts';
import { busyHosts } from './rollout/host-moves.ts';
import { isOnlyLeft } from './rollout/rollouts.ts';
import { openRollout } from './rollout/standings.ts';
import { etcdHostsOf, type Situation } from './situation.ts';
import type { Member } from './topology.ts';

/** By measure a member has its turn once a day: what does not help is not repeated. */
const againMs = 24 * 3_600_000;

/** Who is next; null while nobody is, or something else is under way. */
export function nextToDefragment(situation: Situation): Member | null {
  const { cluster, view } = situation;
  if (cluster.change !== null || cluster.masters.length === 0) return null;
  if (rolloutFirst(situation) !== null) return null;
  const hosts = etcdHostsOf(situation);
  const wanted = hosts.filter((host) => isDue(situation, host));
  // The host measures the gate itself; what is known to be shut from here need not be tried.
  if (wanted.length === 0 || mastersToCome(situation).length > 0 || !hosts.every(isThere))
    return null;
  return wanted.toSorted((a, b) => leads(a) - leads(b))[0] ?? null;

  function isDue({ now }: Situation, host: Member): boolean {
    if (asksFor(view.requests).some((request) => !isTried(request, host))) return true;
    const last = plansAbout(host).at(-1);
    return (
      host.node.etcd?.isSparse === true && (last === undefined || last.issuedMs < now - againMs)
    );
  }
}

/**
 * The rollout that has to be over first: one that is at a host, or may be at the next one in this very
 * turn. Null: there is none, or it is paused, outside its windows, or only waits for hosts that are away.
 */
export function rolloutFirst(situation: Situation): RolloutRecord | null {
  const rollout = openRollout(situation);
  if (rollout === null || busyHosts(rollout.hosts).length > 0) return rollout;
  const { windows } = situation.cluster.spec.rollout;
  const isAtRest =
    rollout.state !== 'running' || isOnlyLeft(rollout) || !isOpenAt(windows, situation.now);
  return isAtRest ? null : rollout;
}

const leads = ({ node }: Member): number => Number(node.etcd?.isLeader === true);
const isThere = ({ node }: Member): boolean => node.online && node.etcd?.isHealthy !== false;

export const asksFor = (requests: readonly OperatorRequest[]): readonly OperatorRequest[] =>
  requests.filter(({ kind }) => kind === 'defragment');

/** A plan about it was made since and is over, however it ended. */
const isTried = (request: OperatorRequest, host: Member): boolean =>
  plansAbout(host).some(
    ({ issuedMs, state }) => issuedMs >= request.createdMs && isFinal(state) && state !== 'expired',
  );

/** A member is left that it was not tried on. */
export const isAskOpen = (situation: Situation, request: OperatorRequest): boolean =>
  etcdHostsOf(situation).some((host) => !isTried(request, host));

export const plansAbout = ({ node, id }: Member): readonly PlanRecord[] =>
  node.plans.filter(({ goalKey }) => isAbout(goalKey, 'defragment', id));

/**
 * What it is about went well or not at all, and the member works as before: nothing else has to wait
 * for one that is held, or whose host is away and has nothing of it under way.
 */
export function isDefragmentationOver({ cluster, topology, now }: Situation): boolean {
  const { change } = cluster;
  if (change?.kind !== 'defragment') return false;
  const host = topology.byId.get(change.delegate);
  if (host === undefined) return true;
  const after = change.numbersBefore?.host ?? 0;
  const plans = plansAbout(host).filter(({ sequence }) => sequence > after);
  if (plans.some(({ state }) => !isFinal(state))) return false;
  const last = plans.at(-1);
  if (!host.node.online) return true;
  return last !== undefined && goalState(plans, { key: last.goalKey, now }).kind === 'held';
}
