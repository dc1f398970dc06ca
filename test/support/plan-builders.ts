// Drafts and planners for tests of everything behind decide(): what is in a plan does not matter
// there, only that it is issued once and travels.

import type { Decide } from '../../coordinator/coordinator.ts';
import {
  type GoalKey,
  type GoalKind,
  isSameGoal,
} from '../../coordinator/plan-records/goal-key.ts';
import type { PlanDraft } from '../../coordinator/planner/decision.ts';
import type { NodeView } from '../../coordinator/planner/view.ts';
import type { StepProgress } from '../../coordinator/store/records.ts';
import { asStepId } from '../../shared/model/ids.ts';
import { isFinal } from '../../shared/model/plan.ts';
import type { Step } from '../../shared/model/step.ts';
import { decidesNothing } from './coordinator.ts';

const base = {
  timeoutSeconds: 60,
  effect: 'change',
  onStop: 'interrupt',
  beginWithinSeconds: null,
} as const;

export const aStep = (id: string): Step => ({
  ...base,
  id: asStepId(id),
  kind: 'write-file',
  args: { path: `/tmp/${id}`, content: id, mode: 0o644 },
});

export const aCertificateStep = (
  id: string,
  names: readonly string[] = ['m1', '192.168.7.1'],
): Step => ({
  ...base,
  id: asStepId(id),
  kind: 'request-certificate',
  args: {
    profile: 'etcd-peer',
    keyPath: '/etc/etcd/peer.key',
    certificatePath: '/etc/etcd/peer.crt',
    caPath: '/etc/etcd/peer-ca.crt',
    names,
    commonName: 'm1',
  },
});

/** Of a step that a host has ended. */
export const aStepProgress = (stepId: string): StepProgress => ({
  stepId,
  state: 'changed',
  attempt: 1,
  beganMs: 1,
  durationMs: 1,
  note: null,
  outputs: {},
  error: null,
});

export const aGoalKey = (kind: GoalKind, inputsDigest: string): GoalKey => ({
  kind,
  subject: 'it',
  inputsDigest,
  generation: 0,
});

export function aDraft(node: NodeView, change: Partial<PlanDraft> = {}): PlanDraft {
  return {
    nodeId: node.record.id,
    lane: 'host',
    goal: 'prepare host',
    goalKey: aGoalKey('prepare', '1'),
    brings: {},
    attempt: 1,
    factsDigest: node.facts?.digest ?? '',
    stages: [{ title: 'files', steps: [aStep('one'), aStep('two')] }],
    ...change,
  };
}

/** Issues what `draft` gives for each node until the node has a plan of that goal. */
export const issuesOnce =
  (draft: (node: NodeView) => PlanDraft | null): Decide =>
  (view, now) => ({
    ...decidesNothing(view, now),
    goOn: view.nodes
      .flatMap(({ plans }) => plans)
      .filter(({ state }) => !isFinal(state))
      .map(({ planId }) => ({ planId, goOn: 'yes' as const })),
    issue: view.nodes
      .map((node) => ({ node, draft: node.record.state === 'active' ? draft(node) : null }))
      .filter(({ node, draft: own }) =>
        node.plans.every((plan) => own === null || !isSameGoal(plan.goalKey, own.goalKey)),
      )
      .flatMap(({ draft: own }) => (own === null ? [] : [own])),
  });
