import { expect, test } from 'vitest';
import { RolloutWorld, upgraded } from '../../../../support/rollout-world.ts';

const workOf = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => !/stage artifacts|lay down/.test(line));

test('nothing is rolled out on a cluster that is as its spec says', () => {
  const world = RolloutWorld.finished();
  world.roll();
  expect(world.since).toEqual([]);
  expect(world.view.cluster.rollout ?? null).toBeNull();
});

test('an upgrade stages everywhere, takes a snapshot, then changes masters one at a time, services, and hosts', () => {
  const world = RolloutWorld.finished();
  world.apply(upgraded);
  world.roll();
  const first = world.since.findIndex((line) => line.includes('snapshot'));
  expect(world.since.slice(0, first).every((line) => line.endsWith('stage artifacts'))).toBe(true);
  expect(world.since.slice(0, first)).toHaveLength(5);
  expect(workOf(world.since)).toEqual([
    'm1: take an etcd snapshot before the rollout',
    'm1: change control plane',
    'm2: change control plane',
    'm3: change control plane',
    'm1: change the services of the cluster',
    expect.stringContaining('cordon m1'),
    expect.stringContaining('drain m1'),
    'm1: change host',
    expect.stringContaining('uncordon m1'),
    expect.stringContaining('cordon m2'),
    expect.stringContaining('drain m2'),
    'm2: change host',
    expect.stringContaining('uncordon m2'),
    expect.stringContaining('cordon m3'),
    expect.stringContaining('drain m3'),
    'm3: change host',
    expect.stringContaining('uncordon m3'),
    expect.stringContaining('cordon w1'),
    expect.stringContaining('drain w1'),
    'w1: change host',
    expect.stringContaining('uncordon w1'),
    expect.stringContaining('cordon w2'),
    expect.stringContaining('drain w2'),
    'w2: change host',
    expect.stringContaining('uncordon w2'),
  ]);
  expect(world.rollout).toMatchObject({ id: 'r1', state: 'done' });
  expect(world.view.cluster).toMatchObject({
    serves: 'v1.37.1',
    raisedTo: 'v1.37.1',
    change: null,
  });
});

test('never changes the control plane of two masters at once', () => {
  const world = RolloutWorld.finished();
  world.apply(upgraded);
  world.settle();
  for (let round = 0; round < 60; round += 1) {
    const atIt = world.running().filter(({ goal }) => goal === 'change control plane');
    expect(atIt.length).toBeLessThanOrEqual(1);
    world.round();
  }
});

test('no kubelet is changed before every API server is', () => {
  const world = RolloutWorld.finished();
  world.apply(upgraded);
  world.roll();
  const lastApi = world.since.lastIndexOf('m3: change control plane');
  const firstHost = world.since.findIndex((line) => line.endsWith(': change host'));
  expect(firstHost).toBeGreaterThan(lastApi);
});

test('goes on after a restart at any moment as if nothing had been', () => {
  const whole = RolloutWorld.finished();
  whole.apply(upgraded);
  whole.roll();
  const cut = RolloutWorld.finished();
  cut.apply(upgraded);
  for (let round = 0; round < 400 && cut.view.cluster.rollout?.state !== 'done'; round += 1) {
    // What is not in the records is forgotten.
    cut.view = structuredClone(cut.view);
    cut.roll();
  }
  expect(cut.since).toEqual(whole.since);
});

test('a control plane that does not come up stops the rollout and names the host', () => {
  const world = RolloutWorld.finished();
  world.apply(upgraded);
  world.roll((line) => line === 'm2: change control plane');
  expect(world.rollout.state).toBe('stopped');
  expect(world.view.cluster.change).toBeNull();
  const m2 = world.view.nodes.find(({ record }) => record.name === 'm2')?.record.id;
  expect(world.rollout.stoppedBy).toEqual({ nodeId: m2, why: 'it broke' });
  expect(world.since).not.toContain('m3: change control plane');
});

test('waits for a master that is away before its control plane, and changes no kubelet meanwhile', () => {
  const world = RolloutWorld.finished();
  world.setOnline('m2', false);
  world.apply(upgraded);
  const decision = world.roll();
  expect(world.since.some((line) => line.endsWith(': change host'))).toBe(false);
  expect(world.since).not.toContain('m3: change control plane');
  const said = decision.waits.find(({ reason }) => reason.code === 'rollout-stage');
  expect(said?.reason).toMatchObject({ away: ['m2'] });
  world.setOnline('m2', true);
  world.roll();
  expect(world.rollout.state).toBe('done');
});

test('a worker that is away is left for later, named, and changed when it is there again', () => {
  const world = RolloutWorld.finished({ masters: 3, workers: 3 });
  world.setOnline('w2', false);
  world.apply(upgraded);
  const decision = world.roll();
  expect(world.since).toContain('w3: change host');
  expect(world.rollout.state).toBe('running');
  expect(world.host('w2')?.state).toBe('left');
  const said = decision.waits.find(({ subject }) => subject === 'w2');
  expect(said?.reason.code).toBe('rollout-left');
  world.setOnline('w2', true);
  world.roll();
  expect(world.since).toContain('w2: change host');
  expect(world.rollout.state).toBe('done');
});

test('a host that joins while the control plane is raised waits for it', () => {
  const world = RolloutWorld.finished();
  world.apply(upgraded);
  world.settle();
  while (!world.since.includes('m1: change control plane')) world.round();
  const before = world.since.length;
  world.addWorker('w9', 39);
  world.round((line) => line.startsWith('never'));
  expect(world.since.slice(before).some((line) => line === 'w9: prepare host')).toBe(false);
  world.roll();
  expect(world.since).toContain('w9: join as worker');
});
