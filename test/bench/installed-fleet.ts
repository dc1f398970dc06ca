// The records of a fleet of any size that was installed: what one worker of a real story left is told
// again for every other.
import type { NodeView } from '../../coordinator/planner/view.ts';
import {
  type ClusterRecord,
  keys,
  type NodeRecord,
  type PlanRecord,
} from '../../coordinator/store/records.ts';
import type { Store } from '../../coordinator/store/store.ts';
import { digestOf } from '../../shared/canonical.ts';
import { asPlanId } from '../../shared/model/ids.ts';
import { aNode, aView } from '../support/cluster-builders.ts';
import { PlanningWorld } from '../support/planning-world.ts';

export interface InstalledFleet {
  readonly cluster: ClusterRecord;
  readonly nodes: readonly NodeView[];
}

/** Three masters, and workers up to `size` hosts, with the plans they were made by. */
export function installedFleet(size: number): InstalledFleet {
  const seeds = [
    ...['m1', 'm2', 'm3'].map((name, index) => aNode(name, 11 + index)),
    aNode('w1', 21, { pool: 'workers' }),
  ];
  const world = new PlanningWorld(seeds, aView(seeds));
  world.runAll();
  const pattern = world.view.nodes.find(({ record }) => record.name === 'w1');
  if (pattern === undefined) throw new Error('the story has no worker');
  const more = Array.from({ length: size - seeds.length }, (_, index) =>
    anotherWorker(pattern, index + 2),
  );
  return { cluster: world.view.cluster, nodes: [...world.view.nodes, ...more] };
}

function anotherWorker(pattern: NodeView, number: number): NodeView {
  const name = `w${number}`;
  const address = `10.1.${Math.floor(number / 250)}.${(number % 250) + 1}`;
  const node = aNode(name, number, {
    pool: 'workers',
    facts: { addresses: [{ interface: 'eth0', address, prefix: 16, family: 'ipv4' }] },
  });
  const { id } = node.record;
  const plans = pattern.plans.map((plan): PlanRecord => {
    const planId = asPlanId(`p${digestOf([plan.planId, name]).slice(0, 12)}`);
    const goalKey = { ...plan.goalKey, subject: id };
    return { ...plan, planId, nodeId: id, nodeName: name, goalKey };
  });
  const record: NodeRecord = { ...node.record, applied: pattern.record.applied };
  return { ...node, record, plans };
}

export async function storeFleet(store: Store, fleet: InstalledFleet): Promise<void> {
  await store.put(keys.cluster(fleet.cluster.name), fleet.cluster, 0);
  for (const { record, facts, plans } of fleet.nodes) {
    await store.put(keys.node(record.id), record, 0);
    if (facts !== null) await store.put(keys.facts(record.id), facts, 0);
    for (const plan of plans) await store.put(keys.plan(plan.planId), plan, 0);
  }
}
