// Draining one host, as a state that follows from the plans made for it: cordon it, then drain again and
// again until no pod is left or the time is over. Whoever drains (an operator's request, a rollout) asks
// here what has become of it and what is to be done next, and remembers nothing itself. Pure.
//
//   cordoning ──it takes no pods any more──▶ draining ──none is left──▶ drained
//                        ▲                       │└────the time is over──▶ overdue
//                        └──somebody made it schedulable──┘
import { type BlockingPod, parseBlockingPods } from '../../shared/model/drain.ts';
import type { StepOutputs } from '../../shared/model/progress.ts';
import { type GoalKind, inputsDigestOf } from '../plan-records/goal-key.ts';
import {
  cordonNode,
  DRAIN_WAIT_SECONDS,
  type DrainManner,
  drainNode,
  uncordonNode,
} from '../runbooks/drain-node.ts';
import type { Want } from './goal.ts';
import { clusterPlans, isNode, mastersOf, type Situation } from './situation.ts';
import type { Member } from './topology.ts';
import type { Wait, WaitReason } from './wait.ts';

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

/** others: somebody had done it before, and it is theirs to take away. gone: it has no Node. */
export type CordonedBy = 'ours' | 'others' | 'gone';

interface Next {
  /** To be granted; null when nothing is to be done now. */
  readonly want: Want | null;
  /** Of the host itself, for as long as it is not over. */
  readonly wait: Wait | null;
}

export interface CordonState extends Next {
  readonly state: 'cordoning' | 'cordoned';
  /** Null before it is known. */
  readonly by: CordonedBy | null;
}

export interface DrainState extends Next {
  /** overdue: the time is over and pods are left; nothing more is wanted. */
  readonly state: 'cordoning' | 'draining' | 'drained' | 'overdue';
  readonly by: CordonedBy | null;
  /** Pods, when they were counted last; null before. */
  readonly left: number | null;
  /** What held them then. */
  readonly blocking: readonly BlockingPod[];
  /** When it is overdue; time alone makes it so, and wakes nobody. */
  readonly overdueAtMs: number;
}

export interface UncordonState extends Next {
  readonly state: 'uncordoning' | 'uncordoned';
  /** False: it stays cordoned, by somebody else. Null before it is known. */
  readonly isFree: boolean | null;
}

export function cordonOf(situation: Situation, wish: CordonWish): CordonState {
  const { member, owner, sinceMs } = wish;
  const done = lastDone(situation, member, { kind: 'cordon', inputs: cordonInputs(wish) });
  const by = done === null ? null : cordonedBy(done.outputs);
  if (by !== null) return { state: 'cordoned', by, want: null, wait: null };
  const doing = { code: 'cordoning', owner } as const;
  return {
    state: 'cordoning',
    by: null,
    ...through(situation, wish, { doing, sinceMs, wantBy: (by) => cordonWant(wish, by) }),
  };
}

export function drainOf(situation: Situation, wish: DrainWish): DrainState {
  const { member, owner, limits, sinceMs } = wish;
  const overdueAtMs = sinceMs + limits.timeoutMs;
  const cordon = cordonOf(situation, wish);
  const inputs = drainInputs(wish);
  const done = lastDone(situation, member, { kind: 'drain', inputs });
  const left = done === null ? null : leftOf(done.outputs);
  const blocking = done === null ? [] : (parseBlockingPods(done.outputs['blocking'] ?? '') ?? []);
  const known = { by: cordon.by, left, blocking, overdueAtMs };
  const over = { ...known, want: null, wait: null };
  const isLeftAlone = limits.alone === 'leave' && isAlone(situation, member);
  const isFree = done !== null && done.outputs['cordoned'] === 'no';
  if (left === 0 && !isFree) return { ...over, state: 'drained' };
  if (cordon.state === 'cordoned' && (isLeftAlone || cordon.by === 'gone')) {
    return { ...over, state: 'drained' };
  }
  if (situation.now >= overdueAtMs) return { ...over, state: 'overdue' };
  if (cordon.state === 'cordoning') {
    return { ...known, state: 'cordoning', want: cordon.want, wait: cordon.wait };
  }
  if (isFree && !isCordonedSince(situation, wish, done.issuedMs)) {
    const doing = { code: 'cordoning', owner } as const;
    const wantBy = (by: Member): Want => ({ ...cordonWant(wish, by), again: true });
    const next = through(situation, wish, { doing, sinceMs: done.issuedMs, wantBy });
    return { ...known, state: 'cordoning', ...next };
  }
  const doing = { code: 'draining', owner, left, blocking, overdueAtMs } as const;
  const wantBy = (by: Member): Want => drainWant(wish, by, overdueAtMs - situation.now);
  return { ...known, state: 'draining', ...through(situation, wish, { doing, sinceMs, wantBy }) };
}

export function uncordonOf(situation: Situation, wish: CordonWish): UncordonState {
  const { member, owner, sinceMs } = wish;
  const done = lastDone(situation, member, { kind: 'uncordon', inputs: cordonInputs(wish) });
  if (done !== null) {
    const isFree = done.outputs['uncordoned'] !== 'not-ours';
    return { state: 'uncordoned', isFree, want: null, wait: null };
  }
  const doing = { code: 'uncordoning', owner } as const;
  const wantBy = (by: Member): Want => ({
    ...about(wish, by),
    kind: 'uncordon',
    goal: `uncordon ${member.name}`,
    inputs: () => cordonInputs(wish),
    stages: () => uncordonNode(argsOf(wish)),
  });
  return {
    state: 'uncordoning',
    isFree: null,
    ...through(situation, wish, { doing, sinceMs, wantBy }),
  };
}

/** No other node of the cluster could take the pods that run on it. */
export function isAlone(situation: Situation, member: Member): boolean {
  const takesAll = ({ pool }: Member): boolean => pool.roles.includes('worker');
  const others = situation.topology.members.filter(
    (other) => other.id !== member.id && isNode(situation, other),
  );
  return takesAll(member) ? !others.some(takesAll) : others.length === 0;
}

const cordonInputs = ({ owner, sinceMs }: CordonWish): unknown => ({ owner, sinceMs });

const drainInputs = ({ owner, sinceMs, limits }: DrainWish): unknown => ({
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

const argsOf = ({ member, owner }: CordonWish) => {
  const machineId = member.node.record.origin?.machineId ?? '';
  return { node: member.name, machineId: machineId === 'unknown' ? '' : machineId, owner };
};

const about = ({ member }: CordonWish, by: Member) => ({ subject: member.id, by }) as const;

const cordonWant = (wish: CordonWish, by: Member): Want => ({
  ...about(wish, by),
  kind: 'cordon',
  goal: `cordon ${wish.member.name}`,
  inputs: () => cordonInputs(wish),
  stages: () => cordonNode(argsOf(wish)),
});

/** It does not go on for longer than there is time. */
function drainWant(wish: DrainWish, by: Member, restMs: number): Want {
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

interface Doing {
  readonly doing: WaitReason;
  readonly sinceMs: number;
  readonly wantBy: (delegate: Member) => Want;
}

function through(situation: Situation, wish: CordonWish, now: Doing): Next {
  const delegate = delegateFor(situation, wish.member);
  const subject = wish.member.name;
  if (delegate === null) {
    const reason = {
      code: 'no-delegate',
      what: `${subject} to be cordoned, drained or given back`,
    } as const;
    return { want: null, wait: { subject, reason, sinceMs: now.sinceMs } };
  }
  const wait = { subject, reason: now.doing, sinceMs: now.sinceMs };
  return { want: now.wantBy(delegate), wait };
}

/** Spread over the masters that are there, so that many hosts do not fill the lane of one. */
function delegateFor(situation: Situation, { id }: Member): Member | null {
  const online = mastersOf(situation).filter(({ node }) => node.online);
  const place = Number.parseInt(inputsDigestOf(id).slice(0, 6), 16) % Math.max(1, online.length);
  return online[place] ?? null;
}

interface Done {
  readonly outputs: StepOutputs;
  readonly issuedMs: number;
}

/**
 * The newest plan for this very wish that ended well, by whichever master: what it has seen stays seen,
 * also when a retry is asked for.
 */
function lastDone(
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

function isCordonedSince(situation: Situation, wish: CordonWish, sinceMs: number): boolean {
  const inputs = cordonInputs(wish);
  const done = lastDone(situation, wish.member, { kind: 'cordon', inputs });
  return done !== null && done.issuedMs > sinceMs;
}

const cordonedBy = ({ cordoned }: StepOutputs): CordonedBy | null =>
  cordoned === 'ours' || cordoned === 'others' || cordoned === 'gone' ? cordoned : null;

/** A number, or nothing is known. */
const leftOf = ({ left = '' }: StepOutputs): number | null =>
  /^\d{1,6}$/.test(left) ? Number(left) : null;
