// Draining one host, as a state that follows from the plans made for it: cordon it, then drain again and
// again until no pod is left or the time is over. Whoever drains (an operator's request, a rollout) asks
// here what has become of it and what is to be done next, and remembers nothing itself. Pure.
//
//   cordoning ──it takes no pods any more──▶ draining ──none is left──▶ drained
//                        ▲                       │└────the time is over──▶ overdue
//                        └──somebody made it schedulable──┘
import { type BlockingPod, parseBlockingPods } from '../../shared/model/drain.ts';
import type { StepOutputs } from '../../shared/model/progress.ts';
import {
  type CordonWish,
  cordonInputs,
  cordonWant,
  type DrainWish,
  delegateFor,
  drainInputs,
  drainWant,
  isUnderWay,
  lastDone,
  uncordonWant,
} from './drain-plans.ts';
import type { Want } from './goal.ts';
import { isNode, type Situation } from './situation.ts';
import type { Member } from './topology.ts';
import type { Wait, WaitReason } from './wait.ts';

export type { CordonWish, DrainLimits, DrainWish } from './drain-plans.ts';

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
  const isCounting =
    situation.now < overdueAtMs + lastWordMs && isUnderWay(situation, member, 'drain');
  if (situation.now >= overdueAtMs && !isCounting) return { ...over, state: 'overdue' };
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
  // One that is on its way must not come after it; it is being stopped.
  if (isUnderWay(situation, member, 'cordon')) {
    const wait = { subject: member.name, reason: doing, sinceMs };
    return { state: 'uncordoning', isFree: null, want: null, wait };
  }
  const wantBy = (by: Member): Want => uncordonWant(wish, by);
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

/** A plan that was begun in time may still tell what is left. */
const lastWordMs = 15_000;

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
