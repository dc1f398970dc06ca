import { expect, test } from 'vitest';
import { decide } from '../../../../coordinator/planner/decide.ts';
import type { GoOn } from '../../../../coordinator/planner/go-on.ts';
import type { PlanRecord } from '../../../../coordinator/store/records.ts';
import { aNode } from '../../../support/cluster-builders.ts';
import { PlanningWorld } from '../../../support/planning-world.ts';

const aFleet = () =>
  new PlanningWorld([
    aNode('m1', 1),
    aNode('m2', 2),
    aNode('m3', 3),
    aNode('w1', 21, { pool: 'workers' }),
  ]);

/** Runs until a plan of that goal is under way on that host; all others end as they come. */
function until(world: PlanningWorld, name: string, goal: string): PlanRecord {
  for (let round = 0; round < 60; round += 1) {
    world.settle();
    for (const plan of world.running()) {
      const node = world.view.nodes.find(({ record }) => record.id === plan.nodeId);
      if (node?.record.name === name && plan.goal === goal) {
        world.accept(plan);
        return plan;
      }
      world.finish(plan);
    }
    world.now += 1_000;
  }
  throw new Error(`${name} never had to ${goal}`);
}

const goOnOf = (world: PlanningWorld, { planId }: PlanRecord): GoOn | undefined =>
  decide(world.view, world.now).goOn.find((one) => one.planId === planId)?.goOn;

test.each([
  ['m1', 'prepare host'],
  ['m1', 'start control plane'],
  ['m2', 'join control plane'],
  ['w1', 'join as worker'],
])('%s may go on to %s while that is what is wanted of it', (name, goal) => {
  const world = aFleet();
  expect(goOnOf(world, until(world, name, goal))).toBe('yes');
});

test('a retry asks for the same once more, and takes nothing from what is under way', () => {
  const world = aFleet();
  const plan = until(world, 'w1', 'join as worker');
  const { cluster } = world.view;
  world.view = { ...world.view, cluster: { ...cluster, retryGeneration: 1 } };
  expect(goOnOf(world, plan)).toBe('yes');
});

test('a plan whose inputs are others by now is not gone on with', () => {
  const world = aFleet();
  const plan = until(world, 'w1', 'join as worker');
  world.setFacts('w1', {
    addresses: [{ interface: 'eth0', address: '192.168.7.99', prefix: 24, family: 'ipv4' }],
  });
  expect(goOnOf(world, plan)).toBe('no');
});

test('a plan whose goal was reached without it is over', () => {
  const world = aFleet();
  const plan = until(world, 'w1', 'join as worker');
  world.view = {
    ...world.view,
    nodes: world.view.nodes.map((node) =>
      node.record.name === 'w1'
        ? {
            ...node,
            record: {
              ...node.record,
              applied: {
                ...node.record.applied,
                node: { digest: 'x', atMs: world.now, planId: plan.planId },
              },
            },
          }
        : node,
    ),
  };
  expect(goOnOf(world, plan)).toBe('no');
});

test('a change of the control plane waits while another master is not heard of', () => {
  const world = aFleet();
  const plan = until(world, 'm2', 'join control plane');
  world.setOnline('m1', false);
  expect(goOnOf(world, plan)).toBe('not-now');
  world.setOnline('m1', true);
  expect(goOnOf(world, plan)).toBe('yes');
  world.setOnline('w1', false);
  expect(goOnOf(world, plan)).toBe('yes');
});

test('a change that does not stand in the cluster’s record is not gone on with', () => {
  const world = aFleet();
  const plan = until(world, 'm1', 'start control plane');
  const [, other] = world.view.nodes;
  const { cluster } = world.view;
  if (cluster.change === null || other === undefined) throw new Error('no change is under way');
  const change = { ...cluster.change, delegate: other.record.id, subjects: [other.record.id] };
  world.view = { ...world.view, cluster: { ...cluster, change } };
  expect(goOnOf(world, plan)).not.toBe('yes');
});
