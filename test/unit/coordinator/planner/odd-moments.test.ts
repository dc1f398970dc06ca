// Fleets that are not all alike and moments that are not of the usual order: what reviews of the planner
// found.
import { describe, expect, test } from 'vitest';
import { showWait } from '../../../../coordinator/operator/wait-sentences.ts';
import type { Decision } from '../../../../coordinator/planner/decision.ts';
import { digestOf } from '../../../../shared/canonical.ts';
import { aCluster, aLock, aNode, aView } from '../../../support/cluster-builders.ts';
import { PlanningWorld } from '../../../support/planning-world.ts';

const masters = [aNode('m1', 11), aNode('m2', 12), aNode('m3', 13)];
const w1 = aNode('w1', 21, { pool: 'workers' });

const sentences = (world: PlanningWorld, decision: Decision): readonly string[] =>
  decision.waits.map((wait) => {
    const { subject, for: what } = showWait(wait, world.now);
    return `${subject} ${what}`;
  });

/** Ends whatever else runs until a plan of this goal does; that one is left to the test. */
function runUntil(world: PlanningWorld, goal: string) {
  world.settle();
  for (let round = 0; round < 200; round += 1) {
    const found = world.running().find((plan) => plan.goal === goal);
    if (found !== undefined) return found;
    for (const plan of world.running()) world.finish(plan);
    world.now += 1000;
    world.settle();
  }
  throw new Error(`nobody was ever asked to ${goal}`);
}

const issuedTo = (world: PlanningWorld, line: string): number =>
  world.issued.filter((issued) => issued === line).length;

describe('the smoke test’s image', () => {
  const lock = aLock();
  const forArm = lock.artifacts.map((artifact) => ({
    ...artifact,
    arch: 'arm64' as const,
    sha256: digestOf(artifact.sha256),
  }));
  const cluster = aCluster({ lock: { ...lock, artifacts: [...lock.artifacts, ...forArm] } });
  const w2 = aNode('w2', 22, { pool: 'workers', facts: { architecture: 'arm64' } });

  test('is imported once by a host of either architecture', () => {
    const nodes = [...masters, w1, w2];
    const world = new PlanningWorld(nodes, aView(nodes, cluster));
    world.runAll();
    for (const name of ['w1', 'w2'])
      expect(issuedTo(world, `${name}: import the smoke test’s image`)).toBe(1);
    expect(world.view.cluster.reached['smoke-test']).toBeDefined();
  });

  test('that never becomes what it should be is not imported without end', () => {
    const nodes = [...masters, w1];
    const world = new PlanningWorld(nodes, aView(nodes));
    world.runAll();
    const forget = (): void => {
      const { applied } = world.view.nodes.find(({ record }) => record.name === 'w1')!.record;
      const { 'smoke-image': _, ...others } = applied;
      world.view = {
        ...world.view,
        nodes: world.view.nodes.map((node) =>
          node.record.name === 'w1'
            ? { ...node, record: { ...node.record, applied: others } }
            : node,
        ),
      };
    };
    world.view = { ...world.view, cluster: { ...world.view.cluster, reached: {} } };
    const before = world.issued.length;
    for (let second = 0; second < 3600; second += 1) {
      for (const plan of world.running()) world.finish(plan);
      forget();
      world.now += 1000;
      world.settle();
    }
    expect(world.issued.length - before).toBeLessThanOrEqual(40);
  });
});

test('a master that lost its address is named, and the rest of the cluster is decided', () => {
  const world = new PlanningWorld([...masters, w1]);
  world.refuse(runUntil(world, 'make cluster keys'), 'facts-changed');
  world.setFacts('m1', { addresses: [], routes: [] });
  world.now += 5000;
  const decision = world.settle();
  expect(sentences(world, decision)).toContainEqual(
    expect.stringMatching(/^m1 is held: no plan to "make cluster keys" can be made: .*not an IP/),
  );
  world.add(aNode('w2', 22, { pool: 'workers' }));
  world.settle();
  expect(world.issued).toContain('w2: stage artifacts');
});

test('of a hundred workers that come at once, an agent gets what it can take of their credentials', () => {
  const world = new PlanningWorld(masters);
  world.runAll();
  for (let number = 0; number < 100; number += 1)
    world.add(aNode(`w${number}`, 100 + number, { pool: 'workers' }));
  let most = 0;
  for (let round = 0; round < 100 && world.view.nodes.length > 0; round += 1) {
    const decision = world.settle();
    const running = world.running();
    if (running.length === 0) break;
    most = Math.max(most, running.filter(({ lane }) => lane === 'cluster').length);
    if (running.filter(({ lane }) => lane === 'cluster').length === 12)
      expect(sentences(world, decision).join('\n')).toContain(
        '12 plans for the cluster come first',
      );
    for (const plan of running) world.finish(plan);
    world.now += 1000;
  }
  expect(most).toBe(12);
  expect(Object.values(world.settle().phases).filter((phase) => phase === 'ready')).toHaveLength(
    103,
  );
});

test('a join that is held is tried again when the host has another address', () => {
  const world = new PlanningWorld([...masters, w1]);
  world.fail(runUntil(world, 'join as worker'), { retryable: false, message: 'wrong network' });
  world.runAll();
  expect(issuedTo(world, 'w1: join as worker')).toBe(1);
  world.setFacts('w1', {
    addresses: [{ interface: 'eth0', address: '192.168.7.99', prefix: 24, family: 'ipv4' }],
  });
  world.now += 3_600_000;
  world.runAll();
  expect(issuedTo(world, 'w1: join as worker')).toBe(2);
});

test('a master that is slow does not get another’s work done twice while its agent calls', () => {
  const world = new PlanningWorld([...masters, w1]);
  world.runAll();
  world.view = {
    ...world.view,
    requests: [{ kind: 'smoke-test', id: 's1', cluster: 'lab', createdMs: world.now }],
  };
  world.setOnline('m1', false);
  world.settle();
  for (const plan of world.running()) world.accept(plan);
  world.setOnline('m1', true);
  world.now += 60_000;
  world.settle();
  expect(world.running().filter(({ goal }) => goal === 'run the smoke test')).toHaveLength(1);
});

test('a master that goes away in its join is what the next one waits for', () => {
  const world = new PlanningWorld([...masters, w1]);
  const join = runUntil(world, 'join control plane');
  world.fail(join, { retryable: true });
  world.setOnline('m2', false);
  world.now += 3_600_000;
  const decision = world.runAll();
  expect(sentences(world, decision)).toEqual(
    expect.arrayContaining([
      'm2 waits for its agent before it joins the cluster',
      'm3 waits for its turn to join the control plane: m2 is joining, and its agent does not call',
    ]),
  );
});

test('no control plane is chosen of hosts whose agents do not call', () => {
  const world = new PlanningWorld(masters);
  world.setOnline('m2', false);
  const decision = world.runAll();
  expect(world.view.cluster.controlPlane).toBeNull();
  expect(sentences(world, decision)).toContainEqual(
    expect.stringContaining('waits for the agents of m2, which have joined the control-plane pool'),
  );
  world.setOnline('m2', true);
  world.runAll();
  expect(world.view.cluster.masters).toHaveLength(3);
});
