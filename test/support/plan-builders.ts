// Drafts and planners for tests of everything behind decide(): what is in a plan does not matter
// there, only that it is issued once and travels.
import type { Decide } from '../../coordinator/coordinator.ts';
import type { PlanDraft } from '../../coordinator/planner/decision.ts';
import type { NodeView } from '../../coordinator/planner/view.ts';
import { asStepId } from '../../shared/model/ids.ts';
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

export function aDraft(node: NodeView, change: Partial<PlanDraft> = {}): PlanDraft {
  return {
    nodeId: node.record.id,
    lane: 'host',
    goal: 'prepare host',
    contentKey: 'prepare/1',
    attempt: 1,
    factsDigest: node.facts?.digest ?? '',
    stages: [{ title: 'files', steps: [aStep('one'), aStep('two')] }],
    ...change,
  };
}

/** Issues what `draft` gives for each node until the node has a plan of that content key. */
export const issuesOnce =
  (draft: (node: NodeView) => PlanDraft | null): Decide =>
  (view, now) => ({
    ...decidesNothing(view, now),
    issue: view.nodes
      .map((node) => ({ node, draft: node.record.state === 'active' ? draft(node) : null }))
      .filter(({ node, draft: own }) =>
        node.plans.every((plan) => plan.contentKey !== own?.contentKey),
      )
      .flatMap(({ draft: own }) => (own === null ? [] : [own])),
  });
