// A world for planner tests: holds the view, issues what decide() wants and ends plans as the test
// says. The real decide(), no agents and no clock.
import type { Applied } from '../../coordinator/components/component.ts';
import { decide } from '../../coordinator/planner/decide.ts';
import type { Decision, PlanDraft } from '../../coordinator/planner/decision.ts';
import type { ClusterView, NodeView } from '../../coordinator/planner/view.ts';
import type { OperatorRequest, PlanRecord } from '../../coordinator/store/records.ts';
import { digestOf } from '../../shared/canonical.ts';
import { type NodeFacts, planningFacts } from '../../shared/model/facts.ts';
import type { Lane, RefusalReason } from '../../shared/model/plan.ts';
import type { StepError, StepOutputs } from '../../shared/model/progress.ts';
import type { SealedSecret, Step } from '../../shared/model/step.ts';
import { aView, planFrom, startMs } from './cluster-builders.ts';

/** Of the cluster's own CA, as a host reports it. */
export const aCaDigest = 'ca'.repeat(32);

/** What a master tells of credentials that it has sealed. */
export function sealedText(content: string): string {
  const ciphertext = Buffer.from(content).toString('base64');
  const sealed: SealedSecret = { encapsulated: 'AAAA', ciphertext, context: 'paaaaaaaaaaaa/s' };
  return JSON.stringify(sealed);
}

/** A plan that decide() wanted: what it asked for, and the record that was made of it. */
export interface IssuedPlan {
  readonly node: string;
  readonly draft: PlanDraft;
  readonly planId: PlanRecord['planId'];
}

export class PlanningWorld {
  view: ClusterView;
  now = startMs;
  /** "name: goal" of everything ever issued, in order. */
  readonly issued: string[] = [];
  /** The same with what was asked for. */
  readonly plans: IssuedPlan[] = [];
  watched = { turns: 0, totalMs: 0, slowestMs: 0 };
  #number = 0;
  /** How often each host got join credentials. */
  readonly #credentials = new Map<string, number>();

  constructor(nodes: readonly NodeView[], view: ClusterView = aView(nodes)) {
    this.view = view;
  }

  /** Decides until there is nothing more to issue or store; returns the last decision. */
  settle(): Decision {
    for (let turn = 0; turn < 50; turn += 1) {
      const began = performance.now();
      const decision = decide(this.view, this.now);
      this.#watched(performance.now() - began);
      if (decision.cluster !== null) this.view = { ...this.view, cluster: decision.cluster };
      for (const { nodeId, applied } of decision.applied) this.#record(nodeId, applied);
      for (const nodeId of decision.gone ?? []) {
        this.#change(nodeId, (node) => ({ ...node, record: { ...node.record, isGone: true } }));
      }
      for (const { planId } of decision.stop ?? []) {
        const plan = this.running().find((one) => one.planId === planId);
        if (plan !== undefined)
          this.#replace({ ...plan, stopRequested: true, stopReason: 'unwanted' });
      }
      for (const draft of decision.issue) {
        this.#number += 1;
        const node = this.view.nodes.find((entry) => entry.record.id === draft.nodeId);
        const sequence = (node?.record.sequence[draft.lane] ?? 0) + 1;
        const plan = { ...planFrom(draft, this.#number, this.now), sequence };
        this.issued.push(`${node?.record.name}: ${draft.goal}`);
        this.plans.push({ node: node?.record.name ?? '', draft, planId: plan.planId });
        this.#change(draft.nodeId, ({ record, ...entry }) => ({
          ...entry,
          record: { ...record, sequence: { ...record.sequence, [draft.lane]: sequence } },
          plans: [...entry.plans, plan],
        }));
      }
      const isNews =
        decision.cluster !== null ||
        decision.applied.length > 0 ||
        (decision.gone ?? []).length > 0 ||
        (decision.stop ?? []).length > 0;
      if (!isNews && decision.issue.length === 0) return decision;
    }
    throw new Error('decide() reaches no fixed point');
  }

  /** What decisions cost from now on. */
  watch(): void {
    this.watched = { turns: 0, totalMs: 0, slowestMs: 0 };
  }

  #watched(ms: number): void {
    const { turns, totalMs, slowestMs } = this.watched;
    this.watched = {
      turns: turns + 1,
      totalMs: totalMs + ms,
      slowestMs: Math.max(slowestMs, ms),
    };
  }

  /** Everything ever asked for, with every stage. */
  get drafts(): readonly PlanDraft[] {
    return this.plans.map(({ draft }) => draft);
  }

  running(): readonly PlanRecord[] {
    return this.view.nodes.flatMap((node) =>
      node.plans.filter((plan) => plan.state === 'issued' || plan.state === 'accepted'),
    );
  }

  /** The agent takes what was issued to it. */
  accept(plan: PlanRecord): void {
    this.#replace({ ...plan, state: 'accepted', acceptedMs: this.now });
  }

  /** The agent's own words about what it does. */
  setDoing(name: string, lane: Lane, words: string): void {
    this.#changeNamed(name, (node) => ({ ...node, doing: { ...node.doing, [lane]: words } }));
  }

  /** @param told outputs by kind of step, over the usual ones */
  finish(plan: PlanRecord, told: Readonly<Record<string, StepOutputs>> = {}): void {
    const issued = this.plans.find(({ planId }) => planId === plan.planId);
    const asked = issued?.draft.stages.flatMap((stage) => stage.steps) ?? [];
    this.#end(plan, {
      ...plan,
      state: 'done',
      steps: plan.steps.map((step, index) => ({
        ...step,
        state: 'changed' as const,
        outputs: told[asked[index]?.kind ?? ''] ?? this.#outputsOf(asked[index]),
      })),
    });
  }

  #outputsOf(step: Step | undefined): StepOutputs {
    if (step?.kind === 'read-ca-digest') return { caDigest: aCaDigest };
    if (step?.kind !== 'create-join-credentials') return {};
    const { consumer } = step.args;
    const number = (this.#credentials.get(consumer) ?? 0) + 1;
    this.#credentials.set(consumer, number);
    return { sealed: sealedText(`credentials ${number} for ${consumer}`) };
  }

  fail(plan: PlanRecord, error: Partial<StepError> = {}): void {
    const full: StepError = {
      code: 'exec-failed',
      message: 'it broke',
      command: null,
      outputTail: null,
      retryable: true,
      ...error,
    };
    this.#end(plan, { ...plan, state: 'failed', error: full });
  }

  /** The agent knows of the stop. */
  stop(plan: PlanRecord): void {
    this.#end(plan, { ...plan, state: 'stopped' });
  }

  /** An operator asks; the newest request comes last. */
  ask(request: OperatorRequest): void {
    this.view = { ...this.view, requests: [...this.view.requests, request] };
  }

  refuse(plan: PlanRecord, refusal: RefusalReason): void {
    this.#end(plan, { ...plan, state: 'refused', refusal });
  }

  /** Finishes everything, over and over, until nothing runs. */
  runAll(): Decision {
    let decision = this.settle();
    for (let round = 0; this.running().length > 0; round += 1) {
      if (round > 200) throw new Error('the install does not end');
      for (const plan of this.running()) this.finish(plan);
      this.now += 1000;
      decision = this.settle();
    }
    return decision;
  }

  add(node: NodeView): void {
    this.view = { ...this.view, nodes: [...this.view.nodes, node] };
  }

  /** An operator takes the host out of the fleet. */
  leave(name: string, state: 'retired' | 'evicted' | 'banned'): void {
    this.#changeNamed(name, (node) => ({
      ...node,
      record: { ...node.record, state, stateSinceMs: this.now },
    }));
  }

  /** Whether the agent calls; its last call is the moment it is switched. */
  setOnline(name: string, online: boolean): void {
    this.#changeNamed(name, (node) => ({ ...node, online, lastPollMs: this.now }));
  }

  /** The agent reports again, with these facts changed. */
  setFacts(name: string, change: Partial<NodeFacts>): void {
    this.#changeNamed(name, (node) => {
      if (node.facts === null) throw new Error(`${name} has no facts that could change`);
      const facts = { ...node.facts.facts, ...change };
      const digest = digestOf(planningFacts(facts));
      return { ...node, facts: { ...node.facts, digest, reportedMs: this.now, facts } };
    });
  }

  #record(nodeId: string, applied: Applied): void {
    this.#change(nodeId, (node) => {
      const record = { ...node.record, applied: { ...node.record.applied, ...applied } };
      return { ...node, record };
    });
  }

  #end(plan: PlanRecord, ended: PlanRecord): void {
    this.#replace({ ...ended, finishedMs: this.now, changedSteps: plan.steps.length });
  }

  #replace(plan: PlanRecord): void {
    this.#change(plan.nodeId, (node) => ({
      ...node,
      plans: node.plans.map((entry) => (entry.planId === plan.planId ? plan : entry)),
    }));
  }

  #changeNamed(name: string, change: (node: NodeView) => NodeView): void {
    const node = this.view.nodes.find((entry) => entry.record.name === name);
    if (node !== undefined) this.#change(node.record.id, change);
  }

  #change(nodeId: string, change: (node: NodeView) => NodeView): void {
    const nodes = this.view.nodes.map((node) => (node.record.id === nodeId ? change(node) : node));
    this.view = { ...this.view, nodes };
  }
}
