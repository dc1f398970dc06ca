import { expect, test } from 'vitest';
import { type ShownWait, showWait } from '../../../../coordinator/operator/wait-sentences.ts';
import type { Decision } from '../../../../coordinator/planner/decision.ts';
import { aCluster, aNode, aSpec, aView, startMs } from '../../../support/cluster-builders.ts';
import { aCaDigest, PlanningWorld, sealedText } from '../../../support/planning-world.ts';

const shown = (decision: Decision): readonly ShownWait[] =>
  decision.waits.map((wait) => showWait(wait, startMs));

const masters = [aNode('m1', 11), aNode('m2', 12), aNode('m3', 13)];
const workers = [aNode('w1', 21, { pool: 'workers' }), aNode('w2', 22, { pool: 'workers' })];

test('only stages artifacts while the control-plane pool is not complete', () => {
  const world = new PlanningWorld([masters[0]!, masters[1]!, ...workers]);
  const decision = world.runAll();
  expect(new Set(world.issued.map((line) => line.split(': ')[1]))).toEqual(
    new Set(['stage artifacts']),
  );
  expect(shown(decision).map((wait) => wait.for)).toContain(
    'waits for 1 more control-plane host (2 of 3 have joined)',
  );
});

test('brings up three masters one at a time and then the workers', () => {
  const world = new PlanningWorld([...masters, ...workers]);
  world.runAll();
  const order = world.issued.filter((line) =>
    /start control plane|join control plane|join as worker/.test(line),
  );
  expect(order).toEqual([
    'm1: start control plane',
    'm2: join control plane',
    'm3: join control plane',
    'w1: join as worker',
    'w2: join as worker',
  ]);
  expect(world.view.cluster.masters).toHaveLength(3);
  expect(world.view.cluster.change).toBeNull();
});

test('records the digest of the Kubernetes CA before the plan that writes to etcd is issued', () => {
  const world = new PlanningWorld([...masters]);
  while (!world.issued.includes('m1: start control plane')) {
    for (const plan of world.running()) world.finish(plan);
    const before = world.view.cluster.caDigest;
    world.settle();
    if (world.issued.includes('m1: start control plane'))
      expect(before ?? world.view.cluster.caDigest).toBe(aCaDigest);
  }
  expect(world.view.cluster.caDigest).toBe(aCaDigest);
});

test('issues nothing on a finished fleet', () => {
  const spec = aSpec({ etcd: { snapshots: { schedule: 'off' } } });
  const world = new PlanningWorld([], aView([...masters, ...workers], aCluster({ spec })));
  world.runAll();
  const before = world.issued.length;
  world.now += 86_400_000;
  world.settle();
  expect(world.issued.length).toBe(before);
});

test('a new worker costs no step on any other host but its credentials', () => {
  const world = new PlanningWorld([...masters, ...workers]);
  world.runAll();
  const before = world.issued.length;
  world.add(aNode('w3', 23, { pool: 'workers', joinedMs: world.now }));
  world.runAll();
  const others = world.issued.slice(before).filter((line) => !line.startsWith('w3'));
  expect(others).toEqual(['m1: create join credentials for w3']);
  expect(world.issued.at(-1)).toBe('w3: join as worker');
});

test('a bootstrap token that a master’s agent of 0.1 made is deleted after the join', () => {
  const world = new PlanningWorld([...masters, ...workers]);
  world.runAll();
  world.add(aNode('w3', 23, { pool: 'workers', joinedMs: world.now }));
  const goal = 'create join credentials for w3';
  for (let round = 0; !world.running().some((plan) => plan.goal === goal); round += 1) {
    if (round > 50) throw new Error('nobody makes credentials for w3');
    for (const plan of world.running()) world.finish(plan);
    world.settle();
  }
  for (const plan of world.running().filter((one) => one.goal === goal)) {
    world.finish(plan, {
      'create-join-credentials': { sealed: sealedText('a token'), tokenId: 'abcdef' },
    });
  }
  world.runAll();
  expect(world.issued).toContain('w3: join as worker');
  expect(world.issued.at(-1)).toBe('m1: delete join credentials of w3');
});

test('a control-plane host that fails the preflight stops the install before anything is touched', () => {
  const small = aNode('m3', 13, { facts: { memoryBytes: 512 * 1024 * 1024 } });
  const world = new PlanningWorld([masters[0]!, masters[1]!, small, ...workers]);
  const decision = world.runAll();
  expect(world.issued.every((line) => line.endsWith('stage artifacts'))).toBe(true);
  const held = shown(decision).find((wait) => wait.kind === 'held');
  expect(held?.for).toContain('m3: [memory] found 512 MiB of memory, needed 1700 MiB');
});

test('a worker that fails the preflight is left out and named, and nobody waits for it', () => {
  const swapping = aNode('w2', 22, {
    pool: 'workers',
    facts: { swap: { devices: ['/dev/sda2'], fstabLines: [], units: [] } },
  });
  const world = new PlanningWorld([...masters, workers[0]!, swapping]);
  const decision = world.runAll();
  expect(world.issued).toContain('w1: join as worker');
  expect(world.issued).not.toContain('w2: join as worker');
  expect(decision.phases['w2']).toBe('left out');
});

test('an ignored check becomes a warning and stops nothing', () => {
  const small = aNode('m3', 13, { facts: { memoryBytes: 512 * 1024 * 1024 } });
  const cluster = aCluster({ ignoredChecks: ['memory'] });
  const world = new PlanningWorld([], aView([masters[0]!, masters[1]!, small], cluster));
  const decision = world.runAll();
  expect(world.view.cluster.masters).toHaveLength(3);
  expect(decision.faults.every((fault) => fault.severity === 'warning')).toBe(true);
});

test('a failed plan is repeated twice, further apart each time, and then held until retry', () => {
  const world = new PlanningWorld([...masters]);
  const attempts: number[] = [];
  for (let round = 0; round < 400 && attempts.length < 4; round += 1) {
    world.settle();
    for (const plan of world.running()) {
      if (plan.goal === 'start control plane') {
        attempts.push(world.now - startMs);
        world.fail(plan);
      } else world.finish(plan);
    }
    world.now += 1000;
  }
  expect(attempts).toHaveLength(3);
  const decision = world.settle();
  const held = shown(decision).find((wait) => wait.kind === 'held' && wait.subject === 'm1');
  expect(held?.for).toBe('is held: "start control plane" failed: it broke');
  const { cluster } = world.view;
  world.view = { ...world.view, cluster: { ...cluster, retryGeneration: 1 } };
  world.runAll();
  expect(world.view.cluster.masters).toHaveLength(3);
});

test('a failure that repeating cannot mend is held at once', () => {
  const world = new PlanningWorld([...masters]);
  world.settle();
  for (const plan of world.running()) world.fail(plan, { retryable: false, code: 'artifact' });
  world.now += 600_000;
  const decision = world.settle();
  expect(world.running()).toHaveLength(0);
  expect(
    shown(decision)
      .filter((wait) => wait.kind === 'held')
      .map((wait) => wait.subject),
  ).toEqual(['m1', 'm2', 'm3']);
});

test('a master whose machine is gone blocks neither the other masters nor the workers', () => {
  const world = new PlanningWorld([...masters, ...workers]);
  while (!world.issued.includes('m1: start control plane')) {
    for (const plan of world.running()) world.finish(plan);
    world.settle();
  }
  world.setOnline('m2', false);
  const decision = world.runAll();
  expect(world.view.cluster.masters).toHaveLength(2);
  expect(world.issued).toContain('w2: join as worker');
  expect(decision.phases['m2']).toBe('away');
});

test('a master that dies in the middle of its join does not block the workers', () => {
  const world = new PlanningWorld([...masters, ...workers]);
  while (!world.issued.includes('m2: join control plane')) {
    for (const plan of world.running()) world.finish(plan);
    world.settle();
  }
  world.setOnline('m2', false);
  for (let round = 0; round < 20; round += 1) {
    world.settle();
    for (const plan of world.running()) if (plan.goal !== 'join control plane') world.finish(plan);
  }
  expect(world.issued).toContain('w1: join as worker');
  expect(world.issued).not.toContain('m3: join control plane');
});

test('expired join credentials are followed by new ones', () => {
  const world = new PlanningWorld([...masters]);
  while (!world.issued.includes('m1: create join credentials for m3')) {
    for (const plan of world.running()) world.finish(plan);
    world.settle();
  }
  for (const plan of world.running()) if (plan.goal.startsWith('create')) world.finish(plan);
  world.now += 3_600_000;
  world.settle();
  const made = world.issued.filter((line) => line === 'm1: create join credentials for m3');
  expect(made.length).toBeGreaterThanOrEqual(1);
  world.runAll();
  expect(world.view.cluster.masters).toHaveLength(3);
  expect(world.issued.filter((line) => line === 'm1: create join credentials for m3')).toHaveLength(
    2,
  );
});

test('a host more than the pool’s size is spare', () => {
  const world = new PlanningWorld([...masters, aNode('m4', 14)]);
  const decision = world.runAll();
  expect(decision.phases['m4']).toBe('spare');
  expect(world.issued).not.toContain('m4: prepare host');
});

test('two hosts with one machine-id stop the install and both are named', () => {
  const clone = aNode('m3', 13, { facts: { machineId: 'machine-m1' } });
  const world = new PlanningWorld([masters[0]!, masters[1]!, clone]);
  const decision = world.runAll();
  const held = shown(decision).find((wait) => wait.kind === 'held');
  expect(held?.for).toContain('m3: [unique-machine-id] found the same machine-id as m1');
});

test('an even number of etcd members is refused with the reason', () => {
  const spec = aSpec({
    pools: [
      { name: 'control-plane', roles: ['etcd', 'control-plane'], size: 2 },
      { name: 'workers', roles: ['worker'] },
    ],
  });
  const world = new PlanningWorld([], aView([masters[0]!, masters[1]!], aCluster({ spec })));
  const decision = world.runAll();
  expect(shown(decision).find((wait) => wait.kind === 'held')?.for).toContain(
    '[etcd-count] found 2 etcd members',
  );
});

test('works with one control-plane host and one worker', () => {
  const spec = aSpec({
    pools: [
      { name: 'control-plane', roles: ['etcd', 'control-plane'], size: 1 },
      { name: 'workers', roles: ['worker'] },
    ],
  });
  const world = new PlanningWorld([], aView([masters[0]!, workers[0]!], aCluster({ spec })));
  world.runAll();
  expect(world.issued).toContain('w1: join as worker');
  expect(world.issued.at(-1)).toBe('m1: run the smoke test');
});

test('a host whose clock was not yet compared with the coordinator’s is not prepared, and explain says so', () => {
  const untold = aNode('m3', 13, { facts: { clockSkewMs: null } });
  const world = new PlanningWorld([masters[0]!, masters[1]!, untold, ...workers]);
  const decision = world.runAll();
  expect(world.view.cluster.controlPlane).toBeNull();
  expect(world.issued.every((line) => line.endsWith('stage artifacts'))).toBe(true);
  expect(shown(decision).map((wait) => wait.for)).toContain(
    'waits for the clocks of m3 to be compared with the coordinator’s',
  );
  const late = new PlanningWorld([
    ...masters,
    aNode('w1', 21, { pool: 'workers', facts: { clockSkewMs: null } }),
  ]);
  late.runAll();
  expect(late.view.cluster.masters).toHaveLength(3);
  expect(late.issued).not.toContain('w1: prepare host');
});

test('a host that refuses every plan is asked ever less often, and never in a tight loop', () => {
  const world = new PlanningWorld([aNode('m1', 11)]);
  const issuedAt: number[] = [];
  for (; world.now < startMs + 3_600_000; world.now += 500) {
    world.settle();
    for (const plan of world.running()) {
      issuedAt.push(world.now);
      world.refuse(plan, 'facts-changed');
    }
  }
  expect((issuedAt[1] ?? 0) - (issuedAt[0] ?? 0)).toBe(1000);
  expect(issuedAt.length).toBeLessThan(25);
  expect(shown(world.settle()).some((wait) => wait.for.includes('stage artifacts'))).toBe(true);
});

test.each(['unknown-step', 'unknown-schema', 'agent-too-old'] as const)(
  'a plan that an agent refuses as %s says that the agent is older, and how it becomes a newer one',
  (refusal) => {
    const world = new PlanningWorld([...masters, ...workers]);
    world.settle();
    const issued = world.plans.find(({ node }) => node === 'w1');
    const plan = world.running().find(({ planId }) => planId === issued?.planId);
    if (plan === undefined) throw new Error('w1 has nothing to do');
    world.refuse(plan, refusal);
    const wait = shown(world.settle()).find(({ kind }) => kind === 'held');
    expect(wait).toMatchObject({ code: 'older-agent', subject: 'w1' });
    expect(wait?.for).toContain('the agent of w1 is older than the coordinator');
    expect(wait?.endsWhen).toMatch(/run join\.sh on w1 again.*coordinator retry w1/);
  },
);

test('a retry begins no second smoke test beside the one that runs', () => {
  const world = new PlanningWorld([...masters, ...workers]);
  const isSmoke = (plan: { goal: string }): boolean => plan.goal === 'run the smoke test';
  for (let round = 0; !world.running().some(isSmoke); round += 1) {
    if (round > 100) throw new Error('no smoke test came');
    for (const plan of world.running()) world.finish(plan);
    world.settle();
  }
  const { cluster } = world.view;
  world.view = { ...world.view, cluster: { ...cluster, retryGeneration: 1 } };
  world.settle();
  expect(world.running().filter(isSmoke)).toHaveLength(1);
});

test('a worker that says again and again that its credentials ran out gets few plans, each with fresh ones', () => {
  const world = new PlanningWorld([...masters, workers[0]!]);
  const sealed: string[] = [];
  for (let second = 0; second < 3600; second += 1) {
    world.settle();
    for (const plan of world.running()) {
      if (plan.goal !== 'join as worker') {
        world.finish(plan);
        continue;
      }
      const draft = world.plans.find(({ planId }) => planId === plan.planId)?.draft;
      sealed.push(JSON.stringify(draft?.stages[0]));
      world.fail(plan, { code: 'credentials-expired', retryable: false });
    }
    world.now += 1000;
  }
  expect(sealed).toHaveLength(3);
  expect(new Set(sealed).size).toBe(3);
  const ofW1 = world.issued.filter((line) => line.includes('w1'));
  expect(ofW1.length).toBeLessThan(20);
});

test('a worker whose address is another one every second does not get a plan every second', () => {
  const world = new PlanningWorld([...masters, workers[0]!]);
  for (let second = 0; second < 3600; second += 1) {
    world.settle();
    for (const plan of world.running()) {
      if (plan.goal === 'join as worker') world.fail(plan);
      else world.finish(plan);
    }
    const address = `192.168.7.${100 + (second % 100)}`;
    world.setFacts('w1', {
      addresses: [{ interface: 'eth0', address, prefix: 24, family: 'ipv4' }],
    });
    world.now += 1000;
  }
  const joins = world.issued.filter((line) => line === 'w1: join as worker');
  expect(joins.length).toBeGreaterThan(3);
  expect(joins.length).toBeLessThanOrEqual(13);
});

test('a first master that does not say which CA it made is held, and a retry has the keys made again', () => {
  const world = new PlanningWorld(masters);
  while (!world.issued.includes('m1: make cluster keys')) {
    for (const plan of world.running()) world.finish(plan);
    world.settle();
  }
  for (const plan of world.running()) world.finish(plan, { 'read-ca-digest': {} });
  const held = shown(world.settle()).find(({ code }) => code === 'ca-digest-unknown');
  expect(held?.for).toContain('did not say which CA');
  expect(world.issued).not.toContain('m1: start control plane');
  const nodes = world.view.nodes.map((node) => ({
    ...node,
    record: { ...node.record, retryGeneration: 1 },
  }));
  world.view = { ...world.view, nodes };
  world.runAll();
  expect(world.issued.filter((line) => line === 'm1: make cluster keys')).toHaveLength(2);
  expect(world.view.cluster.masters).toHaveLength(3);
});

test('no credentials are made for a worker that is held or away', () => {
  const world = new PlanningWorld([...masters, ...workers]);
  world.settle();
  for (const plan of world.running()) {
    if (plan.nodeId === workers[0]!.record.id) world.fail(plan, { retryable: false });
    else world.finish(plan);
  }
  world.setOnline('w2', false);
  for (let hour = 0; hour < 24; hour += 1) {
    world.runAll();
    world.now += 3_600_000;
  }
  expect(world.view.cluster.masters).toHaveLength(3);
  expect(world.issued.filter((line) => /credentials (for|of) w/.test(line))).toEqual([]);
});

test('a master with the longest name there may be joins like any other', () => {
  const long = aNode('m'.repeat(63), 13);
  const world = new PlanningWorld([masters[0]!, masters[1]!, long]);
  world.runAll();
  expect(world.view.cluster.masters).toHaveLength(3);
});
