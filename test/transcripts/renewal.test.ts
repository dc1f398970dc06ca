// The renewal of a master's certificates, step by step: one of a cluster that works, and one of a cluster
// whose certificates have ended.
import type { PlanDraft } from '../../coordinator/planner/decision.ts';
import { aView, startMs } from '../support/cluster-builders.ts';
import { PlanningWorld } from '../support/planning-world.ts';
import { threeMasters, twoWorkers } from './fleets.ts';
import { matchesGolden } from './golden.ts';
import { linesOf, toldPlan } from './plan-lines.ts';

const dayMs = 24 * 3_600_000;

function renewalOf(name: string, endsMs: number): PlanDraft {
  const world = new PlanningWorld([], aView([...threeMasters, ...twoWorkers]));
  world.runAll();
  const isMaster = (one: string): boolean => one.startsWith('m');
  const nodes = world.view.nodes.map((node) => ({
    ...node,
    certificates: isMaster(node.record.name)
      ? [
          {
            path: '/etc/kubernetes/pki/apiserver.crt',
            subject: 'CN=kube-apiserver',
            notAfterMs: endsMs,
          },
        ]
      : [],
  }));
  world.view = { ...world.view, nodes };
  // Named by when it began: that of the transcript is always the same.
  world.now = startMs + 3_600_000;
  world.settle();
  const plan = world.plans.findLast((one) => one.node === name);
  if (plan === undefined) throw new Error(`nothing was asked of ${name}`);
  return plan.draft;
}

const told = (name: string, endsMs: number): string => {
  const plan = toldPlan(renewalOf(name, endsMs), ({ path }) => `three-masters/${name}${path}`);
  return `${linesOf(plan).join('\n')}\n`;
};

matchesGolden(
  'renewal',
  new Map([
    ['about-to-end.txt', () => told('m1', startMs + 20 * dayMs)],
    ['ended.txt', () => told('m1', startMs - dayMs)],
  ]),
);
