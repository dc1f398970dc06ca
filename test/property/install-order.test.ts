// Whatever order hosts join, plans end, fail and machines go away in: the install keeps its order.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aNode } from '../support/cluster-builders.ts';
import { aCaDigest, PlanningWorld } from '../support/planning-world.ts';

const names = ['m1', 'm2', 'm3', 'w1', 'w2', 'w3'];
const action = fc.oneof(
  fc.record({ kind: fc.constant('finish' as const), pick: fc.nat(20) }),
  fc.record({ kind: fc.constant('finish' as const), pick: fc.nat(20) }),
  fc.record({ kind: fc.constant('fail' as const), pick: fc.nat(20) }),
  fc.record({ kind: fc.constant('join' as const), pick: fc.nat(5) }),
  fc.record({ kind: fc.constant('join' as const), pick: fc.nat(5) }),
  fc.record({ kind: fc.constant('toggle' as const), pick: fc.nat(5) }),
  fc.record({ kind: fc.constant('time' as const), pick: fc.nat(600) }),
);

type Action = {
  readonly kind: 'finish' | 'fail' | 'join' | 'toggle' | 'time';
  readonly pick: number;
};

function act(world: PlanningWorld, { kind, pick }: Action): void {
  const running = world.running();
  const plan = running[pick % Math.max(1, running.length)];
  const name = names[pick % names.length] ?? 'm1';
  const node = world.view.nodes.find((entry) => entry.record.name === name);
  if (kind === 'finish' && plan !== undefined) world.finish(plan);
  if (kind === 'fail' && plan !== undefined) world.fail(plan);
  if (kind === 'time') world.now += pick * 1000;
  if (kind === 'toggle' && node !== undefined) world.setOnline(name, !node.online);
  if (kind === 'join' && node === undefined) {
    world.add(
      aNode(name, names.indexOf(name) + 11, {
        pool: name.startsWith('m') ? 'control-plane' : 'workers',
        joinedMs: world.now,
      }),
    );
  }
}

function checkOrder(world: PlanningWorld): void {
  const running = world.running();
  const changes = running.filter((plan) => /^(start|join) control plane$/.test(plan.goal));
  expect(changes.length).toBeLessThanOrEqual(1);
  if (changes[0] !== undefined)
    expect(world.view.cluster.change?.subjects).toEqual([changes[0].nodeId]);
  for (const node of world.view.nodes) {
    const host = node.plans.filter(
      (plan) => plan.lane === 'host' && ['issued', 'accepted'].includes(plan.state),
    );
    expect(host.length).toBeLessThanOrEqual(1);
  }
  const all = world.view.nodes.flatMap((node) => node.plans);
  const isJoin = (goal: string): boolean =>
    goal === 'join control plane' || goal === 'join as worker';
  if (all.some((plan) => isJoin(plan.goal))) {
    expect(all.some((plan) => plan.goal === 'start control plane' && plan.state === 'done')).toBe(
      true,
    );
  }
  if (all.some((plan) => plan.goal === 'prepare host')) {
    expect(world.view.cluster.controlPlane).toHaveLength(3);
  }
  if (all.some((plan) => plan.goal === 'start control plane')) {
    expect(world.view.cluster.caDigest).toBe(aCaDigest);
    expect(world.view.cluster.etcd?.members).toHaveLength(3);
  }
}

test('never two control-plane changes, never a join before the first master, one plan a host', () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 20, maxLength: 120 }), (actions) => {
      const world = new PlanningWorld([]);
      for (const next of actions) {
        act(world, next);
        world.settle();
        checkOrder(world);
      }
    }),
    { numRuns: 150 },
  );
});

test('ends with three masters and every worker once hosts stay and plans succeed', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const world = new PlanningWorld([]);
      for (const next of actions) {
        if (next.kind === 'fail') continue;
        act(world, next);
        world.settle();
      }
      for (const [pick, name] of names.entries()) {
        act(world, { kind: 'join', pick });
        world.setOnline(name, true);
      }
      world.runAll();
      expect(world.view.cluster.masters).toHaveLength(3);
      expect(new Set(world.issued)).toContain('w3: join as worker');
      expect(world.view.cluster.change).toBeNull();
    }),
    { numRuns: 60 },
  );
});
