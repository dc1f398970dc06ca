// A world for planner tests: holds the view, issues what decide() wants and ends plans as the test
// says. The real decide(), no agents and no clock.
import { decide } from '../../coordinator/planner/decide.ts';
import type { Decision, PlanDraft } from '../../coordinator/planner/decision.ts';
import type { ClusterView, NodeView } from '../../coordinator/planner/view.ts';
import type { PlanRecord } from '../../coordinator/store/records.ts';
import type { RefusalReason } from '../../shared/model/plan.ts';
import type { StepError, StepOutputs } from '../../shared/model/progress.ts';
import { aView, planFrom, startMs } from './cluster-builders.ts';

const outputsOf: Readonly<Record<string, StepOutputs>> = {
  'read-ca-digest': { caDigest: 'ca-digest' },
  'create-join-credentials': {
    sealed: JSON.stringify({ encapsulated: 'e', ciphertext: 'c', context: 'p/s' }),
    tokenId: 'abcdef',
  },
};

export class PlanningWorld {
  view: ClusterView;
  now = startMs;
  /** "name: goal" of everything ever issued, in order. */
  readonly issued: string[] = [];
  /** The same as drafts, with every stage. */
  readonly drafts: PlanDraft[] = [];
  #number = 0;

  constructor(nodes: readonly NodeView[], view: ClusterView = aView(nodes)) {
    this.view = view;
  }

  /** Decides until there is nothing more to issue or store; returns the last decision. */
  settle(): Decision {
    for (let turn = 0; turn < 50; turn += 1) {
      const decision = decide(this.view, this.now);
      if (decision.cluster !== null) this.view = { ...this.view, cluster: decision.cluster };
      for (const draft of decision.issue) {
        this.#number += 1;
        const plan = planFrom(draft, this.#number, this.now);
        const node = this.view.nodes.find((entry) => entry.record.id === draft.nodeId);
        this.drafts.push(draft);
        this.issued.push(`${node?.record.name}: ${draft.goal}`);
        this.#change(draft.nodeId, (entry) => ({ ...entry, plans: [...entry.plans, plan] }));
      }
      if (decision.cluster === null && decision.issue.length === 0) return decision;
    }
    throw new Error('decide() reaches no fixed point');
  }

  running(): readonly PlanRecord[] {
    return this.view.nodes.flatMap((node) =>
      node.plans.filter((plan) => plan.state === 'issued' || plan.state === 'accepted'),
    );
  }

  /** @param told outputs by kind of step, over the usual ones */
  finish(plan: PlanRecord, told: Readonly<Record<string, StepOutputs>> = {}): void {
    const outputs = { ...outputsOf, ...told };
    this.#end(plan, {
      ...plan,
      state: 'done',
      steps: plan.steps.map((step, index) => ({
        ...step,
        state: 'changed' as const,
        outputs: outputs[plan.stages.flatMap((stage) => stage.steps)[index]?.kind ?? ''] ?? {},
      })),
    });
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

  setOnline(name: string, online: boolean): void {
    const node = this.view.nodes.find((entry) => entry.record.name === name);
    if (node !== undefined) this.#change(node.record.id, (entry) => ({ ...entry, online }));
  }

  #end(plan: PlanRecord, ended: PlanRecord): void {
    const record = { ...ended, finishedMs: this.now, changedSteps: plan.steps.length };
    this.#change(plan.nodeId, (node) => ({
      ...node,
      plans: node.plans.map((entry) => (entry.planId === plan.planId ? record : entry)),
    }));
  }

  #change(nodeId: string, change: (node: NodeView) => NodeView): void {
    const nodes = this.view.nodes.map((node) => (node.record.id === nodeId ? change(node) : node));
    this.view = { ...this.view, nodes };
  }
}
