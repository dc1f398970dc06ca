// An operator's world after an install: one master and two workers, all measured as right five seconds
// ago.
import type { Applied } from '../../../../coordinator/components/component.ts';
import type { NodeView } from '../../../../coordinator/planner/view.ts';
import {
  type EtcdMembership,
  keys,
  type PlanRecord,
} from '../../../../coordinator/store/records.ts';
import type { HealthReport } from '../../../../shared/model/health.ts';
import { aCluster, aNode, aSpec, planFrom, startMs } from '../../../support/cluster-builders.ts';
import { aHealthReport, aMasterReport } from '../../../support/health-reports.ts';
import { emptyDecision, type OperatorWorld, operatorWorld } from './operator-world.ts';

export interface InstalledWorld {
  readonly world: OperatorWorld;
  /** What the host told five seconds ago. */
  measure(name: string, report: HealthReport): void;
  change(name: string, to: Partial<NodeView>): void;
  /** The host is in the middle of its install: nothing of it is laid down. */
  uninstall(name: string): void;
}

export function aPlan(
  node: NodeView,
  plan: { readonly goal: string; readonly state: PlanRecord['state'] },
): PlanRecord {
  const draft = {
    nodeId: node.record.id,
    lane: 'host' as const,
    goal: plan.goal,
    goalKey: { kind: 'join', subject: node.record.id, inputsDigest: '', generation: 0 } as const,
    brings: {},
    attempt: 1,
    factsDigest: '',
    stages: [],
  };
  return { ...planFrom(draft, 1, startMs), state: plan.state };
}

/** What an install leaves on a host. */
export function installed(node: NodeView, atMs = 0): Applied {
  const one = { digest: 'd', planId: 'p', atMs };
  const ofAll = { settings: one, runtime: one, kubernetes: one };
  return node.record.pool === 'workers'
    ? { ...ofAll, node: one }
    : { ...ofAll, etcd: one, 'control-plane': one };
}

/** etcd as agreed among these hosts. */
export const etcdOf = (nodes: readonly NodeView[]): EtcdMembership => ({
  agreedMs: startMs,
  members: nodes.map(({ record }) => ({
    nodeId: record.id,
    name: record.name,
    clientUrl: `https://${record.joinedFrom}:2379`,
    peerUrl: `https://${record.joinedFrom}:2380`,
    memberId: null,
    learner: false,
  })),
});

const pools = [
  { name: 'control-plane', roles: ['etcd', 'control-plane'], size: 1 },
  { name: 'workers', roles: ['worker'] },
];

export async function installedWorld(): Promise<InstalledWorld> {
  const world = operatorWorld();
  const aMember = (node: NodeView): NodeView => ({
    ...node,
    lastPollMs: world.clock.now(),
    record: { ...node.record, applied: installed(node) },
  });
  const master = aMember(aNode('m1', 1));
  const workers = [aNode('w1', 2, { pool: 'workers' }), aNode('w2', 3, { pool: 'workers' })];
  world.nodes = [master, ...workers.map(aMember)];
  const { id } = master.record;
  const spec = aSpec({ pools });
  const etcd = etcdOf([master]);
  await world.put(aCluster({ spec, controlPlane: [id], masters: [id], etcd }));
  for (const { record } of world.nodes) await world.store.put(keys.node(record.id), record, 0);
  world.decision = emptyDecision;

  const told: InstalledWorld = {
    world,
    measure: (name, report) => {
      const found = world.nodes.find(({ record }) => record.name === name);
      const measuredMs = world.clock.now() - 5_000;
      if (found !== undefined)
        world.measured.set(found.record.id, { report, measuredMs, offsetMs: 0 });
    },
    uninstall: (name) => {
      world.nodes = world.nodes.map((node) =>
        node.record.name === name ? { ...node, record: { ...node.record, applied: {} } } : node,
      );
    },
    change: (name, to) => {
      world.nodes = world.nodes.map((node) =>
        node.record.name === name ? { ...node, ...to } : node,
      );
    },
  };
  told.measure('m1', aMasterReport(1, 1));
  told.measure('w1', aHealthReport());
  told.measure('w2', aHealthReport());
  return told;
}
