// One turn of deciding: collects what to issue, what waits and when to look again. The planner's
// files ask it for goals; it knows lanes, attempts and holds, so that none of them has to.
import type { Lane, Stage } from '../../shared/model/plan.ts';
import type { ClusterRecord } from '../store/records.ts';
import type { PlanDraft, Wait } from './decision.ts';
import { type GoalState, goalState, maxAttempts } from './goals.ts';
import type { Member } from './topology.ts';
import type { NodeView } from './view.ts';

export interface Goal {
  readonly member: Member;
  readonly lane: Lane;
  readonly goal: string;
  /** Without the generation: `want` adds it. */
  readonly key: string;
  readonly stages: () => readonly Stage[];
}

export class Turn {
  readonly now: number;
  readonly issue: PlanDraft[] = [];
  readonly waits: Wait[] = [];
  readonly phases: Record<string, string> = {};
  wakeAtMs: number | null = null;
  /** As it should be; the same object as before when nothing changed. */
  cluster: ClusterRecord;

  constructor(cluster: ClusterRecord, now: number) {
    this.cluster = cluster;
    this.now = now;
  }

  /** What became of the goal, without wanting it. */
  state(node: NodeView, key: string): GoalState {
    // What is done stays done; only attempts are counted per generation.
    const done = node.plans.find(
      (plan) => plan.state === 'done' && plan.contentKey.startsWith(`${key}#`),
    );
    if (done !== undefined) return { kind: 'done', plan: done };
    // A retry does not begin a second one beside the one of an earlier generation.
    const running = node.plans.find(
      (plan) =>
        (plan.state === 'issued' || plan.state === 'accepted') &&
        plan.contentKey.startsWith(`${key}#`),
    );
    if (running !== undefined) return { kind: 'running', plan: running };
    return goalState(node.plans, this.#contentKey(key), this.now);
  }

  /** Issues the goal's plan when it is due and its lane is free; says what it waits for otherwise. */
  want(wanted: Goal): GoalState {
    const state = this.state(wanted.member.node, wanted.key);
    switch (state.kind) {
      case 'absent':
        this.#issue(wanted, 1);
        break;
      case 'due':
        this.#issue(wanted, state.attempt);
        break;
      case 'running':
        this.#waitForPlan(wanted, state.plan);
        break;
      case 'backing-off':
        this.wakeAt(state.untilMs);
        this.wait(wanted.member.name, {
          for: `repeats "${wanted.goal}" after attempt ${state.plan.attempt} of ${maxAttempts} failed: ${reasonOf(state.plan)}`,
          sinceMs: state.plan.finishedMs ?? state.plan.issuedMs,
          endsWhen: `the next attempt begins in ${Math.ceil((state.untilMs - this.now) / 1000)} s`,
        });
        break;
      case 'held':
        this.hold(wanted.member.name, {
          for: `is held: "${wanted.goal}" failed: ${reasonOf(state.plan)}`,
          sinceMs: state.plan.finishedMs ?? state.plan.issuedMs,
          endsWhen: `you mend it and run \`coordinator retry ${wanted.member.name}\` (details: coordinator plan show ${state.plan.planId})`,
        });
        break;
      case 'done':
        break;
    }
    return state;
  }

  wait(subject: string, wait: Omit<Wait, 'subject' | 'kind'>): void {
    this.waits.push({ subject, kind: 'waiting', ...wait });
  }

  hold(subject: string, wait: Omit<Wait, 'subject' | 'kind'>): void {
    this.waits.push({ subject, kind: 'held', ...wait });
  }

  wakeAt(atMs: number): void {
    this.wakeAtMs = this.wakeAtMs === null ? atMs : Math.min(this.wakeAtMs, atMs);
  }

  #contentKey(key: string): string {
    return `${key}#${this.cluster.retryGeneration}`;
  }

  #issue(wanted: Goal, attempt: number): void {
    const { node, name } = wanted.member;
    const blocker = this.#laneBlocker(wanted);
    if (blocker !== null) {
      this.wait(name, blocker);
      return;
    }
    if (!node.online) {
      const sinceMs = node.lastPollMs ?? node.record.joinedMs;
      this.wait(name, {
        for: `waits for its agent, which has not called for ${Math.round((this.now - sinceMs) / 1000)} s`,
        sinceMs,
        endsWhen: 'the agent calls again',
      });
      return;
    }
    this.issue.push({
      nodeId: wanted.member.id,
      lane: wanted.lane,
      goal: wanted.goal,
      contentKey: this.#contentKey(wanted.key),
      attempt,
      factsDigest: wanted.member.factsDigest,
      stages: wanted.stages(),
    });
  }

  /** A host does one plan at a time; the cluster lane takes several. */
  #laneBlocker(wanted: Goal): Omit<Wait, 'subject' | 'kind'> | null {
    if (wanted.lane === 'cluster') return null;
    const isBusy = (state: string): boolean => state === 'issued' || state === 'accepted';
    const running = wanted.member.node.plans.find(
      (plan) => plan.lane === 'host' && isBusy(plan.state),
    );
    if (running !== undefined) {
      return {
        for: `waits to "${wanted.goal}" until "${running.goal}" is over`,
        sinceMs: running.issuedMs,
        endsWhen: `plan ${running.planId} ends`,
      };
    }
    const issued = this.issue.find(
      (draft) => draft.nodeId === wanted.member.id && draft.lane === 'host',
    );
    if (issued === undefined) return null;
    return {
      for: `waits to "${wanted.goal}" until "${issued.goal}" is over`,
      sinceMs: this.now,
      endsWhen: 'that plan ends',
    };
  }

  #waitForPlan(wanted: Goal, plan: { planId: string; issuedMs: number; state: string }): void {
    const { node, name } = wanted.member;
    const doing = node.doing[wanted.lane];
    const what =
      plan.state === 'issued'
        ? `"${wanted.goal}", not yet taken by its agent`
        : `"${wanted.goal}"${doing === '' ? '' : `: ${doing}`}`;
    this.wait(name, {
      for: `works on ${what}`,
      sinceMs: plan.issuedMs,
      endsWhen: `plan ${plan.planId} ends`,
    });
  }
}

function reasonOf(plan: {
  error: { message: string } | null;
  message: string | null;
  refusal: string | null;
}): string {
  return plan.error?.message ?? plan.message ?? plan.refusal ?? 'stopped';
}
