// The plans by which a host is cordoned, drained and given back: what is asked for in them, which master
// carries them out, and what those that ended have told. What follows from it is drain.ts. Pure.

import { isFinal } from '../../shared/model/plan.ts';
import type { StepOutputs } from '../../shared/model/progress.ts';
import type { CordonArgs } from '../../shared/model/step.ts';
import { type GoalKind, inputsDigestOf } from '../plan-records/goal-key.ts';
import {
  cordonNode,
  DRAIN_WAIT_SECONDS,
  type DrainManner,
  drainNode,
  uncordonNode,
} from '../runbooks/drain-node.ts';
import type { Want } from './goal.ts';
import { clusterPlans, mastersOf, type Situation } from './situation.ts';
import type { Member } from './topology.ts';

export interface DrainLimits extends DrainManner {
  readonly timeoutMs: number;
  /**
   * Of a host beside which no other could take its pods. leave: it counts as drained with its pods on
   * it, since ending them would only keep them from running.
   */
  readonly alone: 'drain' | 'leave';
}

/** Who wants a host cordoned or given back, and since when: other words or times are another wish. */
export interface CordonWish {
  readonly member: Member;
  /** CORDON_OPERATOR, or a rollout's id. */
  readonly owner: string;
  /** Milliseconds since 1970, by the coordinator's clock. */
  readonly sinceMs: number;
}

export interface DrainWish extends CordonWish {
  readonly limits: DrainLimits;
}

export const cordonInputs = ({ owner, sinceMs }: CordonWish): unknown => ({ owner, sinceMs });

export const drainInputs = ({ owner, sinceMs, limits }: DrainWish): unknown => ({
  owner,
  sinceMs,
  manner: mannerOf(limits),
});

const mannerOf = (limits: DrainLimits): DrainManner => ({
  podGraceSeconds: limits.podGraceSeconds,
  evictUnmanaged: limits.evictUnmanaged,
  deleteEmptyDirData: limits.deleteEmptyDirData,
  disableEviction: limits.disableEviction,
});

/** As the Node of the cluster tells it; empty where it is not known. */
export function machineIdOf({ node }: Member): string {
  const machineId = node.record.origin?.machineId ?? '';
  return machineId === 'unknown' ? '' : machineId;
}

const argsOf = ({ member, owner }: CordonWish): CordonArgs => ({
  node: member.name,
  machineId: machineIdOf(member),
  owner,
});

const about = ({ member }: CordonWish, by: Member) => ({ subject: member.id, by }) as const;

export const cordonWant = (wish: CordonWish, by: Member): Want => ({
  ...about(wish, by),
  kind: 'cordon',
  goal: `cordon ${wish.member.name}`,
  inputs: () => cordonInputs(wish),
  stages: () => cordonNode(argsOf(wish)),
});

/** It does not go on for longer than there is time. */
export function drainWant(wish: DrainWish, by: Member, restMs: number): Want {
  const waitSeconds = Math.min(DRAIN_WAIT_SECONDS, Math.max(1, Math.ceil(restMs / 1_000)));
  return {
    ...about(wish, by),
    kind: 'drain',
    goal: `drain ${wish.member.name}`,
    inputs: () => drainInputs(wish),
    again: true,
    stages: () => drainNode(argsOf(wish), { ...mannerOf(wish.limits), waitSeconds }),
  };
}

export const uncordonWant = (wish: CordonWish, by: Member): Want => ({
  ...about(wish, by),
  kind: 'uncordon',
  goal: `uncordon ${wish.member.name}`,
  inputs: () => cordonInputs(wish),
  stages: () => uncordonNode(argsOf(wish)),
});

/** Spread over the masters that are there, so that many hosts do not fill the lane of one. */
export function delegateFor(situation: Situation, { id }: Member): Member | null {
  const online = mastersOf(situation).filter(({ node }) => node.online);
  const place = Number.parseInt(inputsDigestOf(id).slice(0, 6), 16) % Math.max(1, online.length);
  return online[place] ?? null;
}

export interface Done {
  readonly outputs: StepOutputs;
  readonly issuedMs: number;
}

/**
 * The newest plan for this very wish that ended well, by whichever master: what it has seen stays seen,
 * also when a retry is asked for.
 */
export function lastDone(
  situation: Situation,
  member: Member,
  { kind, inputs }: { readonly kind: GoalKind; readonly inputs: unknown },
): Done | null {
  const digest = inputsDigestOf(inputs);
  // By when they were issued: when they ended is told by the clocks of different hosts.
  const last = clusterPlans(situation, kind, member.id).findLast(
    ({ goalKey, state }) => state === 'done' && goalKey.inputsDigest === digest,
  );
  if (last === undefined) return null;
  const outputs = last.steps.find(({ stepId }) => stepId === kind)?.outputs ?? {};
  return { outputs, issuedMs: last.issuedMs };
}

/** One that an agent works on; of one that is away nobody knows, and it asks before it goes on. */
export const isUnderWay = (situation: Situation, { id }: Member, kind: GoalKind): boolean =>
  clusterPlans(situation, kind, id).some(
    ({ state, nodeId }) =>
      !isFinal(state) && situation.topology.byId.get(nodeId)?.node.online === true,
  );
