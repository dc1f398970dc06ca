// When etcd is saved, by whom, what becomes of the copies, and when its members are defragmented.
import { describe, expect, test } from 'vitest';
import { lastSnapshotMs, nextSnapshotMs } from '../../../../coordinator/planner/snapshots.ts';
import type { EtcdView } from '../../../../coordinator/planner/view.ts';
import type { OperatorRequest, PlanRecord } from '../../../../coordinator/store/records.ts';
import { aCluster, aNode, aSpec, aView } from '../../../support/cluster-builders.ts';
import { PlanningWorld } from '../../../support/planning-world.ts';

const hour = 3_600_000;
const masters = [aNode('m1', 11), aNode('m2', 12), aNode('m3', 13)];
const good: EtcdView = { isHealthy: true, isLeader: false, isSparse: false };
const recoveryKey = { publicKey: 'a2V5', fingerprint: 'abcd', setMs: 0 };

function installed(snapshots: object = {}, change: object = {}): PlanningWorld {
  const spec = aSpec({ etcd: { snapshots } });
  const world = new PlanningWorld([], aView(masters, aCluster({ spec, ...change })));
  world.runAll();
  world.issued.length = 0;
  return world;
}

function measure(world: PlanningWorld, by: Readonly<Record<string, Partial<EtcdView>>>): void {
  const nodes = world.view.nodes.map((node) => {
    const told = by[node.record.name];
    return told === undefined ? node : { ...node, etcd: { ...good, ...told } };
  });
  world.view = { ...world.view, nodes };
}

function ask(world: PlanningWorld, kind: 'snapshot' | 'defragment', id: string): void {
  const request: OperatorRequest = { kind, id, cluster: 'lab', createdMs: world.now };
  world.view = { ...world.view, requests: [...world.view.requests, request] };
}

/** What agents tell of the steps of a snapshot. */
function told(world: PlanningWorld, plan: PlanRecord, kept?: string) {
  const id = plan.goalKey.subject;
  return {
    'etcd-snapshot': { revision: '7', hash: 'ff', bytes: '2048', path: `/snapshots/${id}.db` },
    'prune-snapshots': { kept: kept ?? id },
    ...(world.view.cluster.recoveryKey === undefined
      ? {}
      : { 'seal-snapshot': { sha256: 'a'.repeat(64), bytes: '4096', key: 'abcd' } }),
  };
}

/** Ends what runs as agents would. */
function carryOut(world: PlanningWorld, kept?: string): void {
  world.settle();
  for (const plan of world.running()) {
    world.finish(plan, plan.goalKey.kind === 'snapshot' ? told(world, plan, kept) : {});
  }
  world.settle();
}

const snapshotsOf = ({ view }: PlanningWorld) => view.cluster.snapshots ?? [];

describe('by the schedule', () => {
  test('etcd is saved once after each due time', () => {
    const world = installed();
    for (let passed = 0; passed < 24; passed += 1) {
      carryOut(world);
      world.now += hour;
    }
    expect(world.issued.filter((line) => line.endsWith('take an etcd snapshot'))).toHaveLength(4);
  });

  test('a coordinator that was away takes one for all that it missed', () => {
    const world = installed();
    world.now += 100 * hour;
    carryOut(world);
    carryOut(world);
    expect(world.issued).toEqual(['m1: take an etcd snapshot']);
    expect(snapshotsOf(world)).toMatchObject([{ nodeName: '', revision: '7', isOnHost: true }]);
  });

  test('time alone wakes it at the next due time', () => {
    const world = installed();
    const decision = world.settle();
    expect(decision.wakeAtMs).toBe(nextSnapshotMs(world.view.cluster, world.now));
    expect(decision.wakeAtMs).toBeLessThanOrEqual(world.now + 6 * hour);
    expect(decision.wakeAtMs).toBeGreaterThan(world.now);
  });

  test('off: nothing is due, ever', () => {
    const world = installed({ schedule: 'off' });
    world.now += 1_000 * hour;
    expect(world.settle().wakeAtMs).toBeNull();
    expect(world.issued).toEqual([]);
  });

  test('one that cannot be taken is held until the next due time, and no longer', () => {
    const world = installed();
    for (let round = 0; round < 14 * 6; round += 1) {
      world.settle();
      for (const plan of world.running()) world.fail(plan);
      world.now += 600_000;
    }
    // Three attempts for each of two due times.
    expect(world.issued).toHaveLength(6);
  });

  test('a snapshot that an operator asked for counts', () => {
    const world = installed();
    world.now += 5 * hour;
    const due = nextSnapshotMs(world.view.cluster, world.now) ?? 0;
    world.now = due;
    ask(world, 'snapshot', 'asked');
    world.settle();
    const before = world.issued.length;
    carryOut(world);
    expect(lastSnapshotMs(world.view.cluster)).toBeGreaterThanOrEqual(due);
    expect(world.issued.length - before).toBeLessThanOrEqual(1);
  });
});

describe('who saves it', () => {
  test('a healthy follower rather than the leader', () => {
    const world = installed();
    measure(world, { m1: { isLeader: true }, m2: { isHealthy: false }, m3: {} });
    ask(world, 'snapshot', 'asked');
    world.settle();
    expect(world.issued).toEqual(['m3: take an etcd snapshot']);
  });

  test('a member of which nothing is known rather than one that is known to be ill', () => {
    const world = installed();
    measure(world, { m1: { isHealthy: false } });
    ask(world, 'snapshot', 'asked');
    world.settle();
    expect(world.issued).toEqual(['m2: take an etcd snapshot']);
  });

  test('who has begun, whoever leads meanwhile', () => {
    const world = installed();
    measure(world, { m1: { isLeader: true }, m2: {}, m3: { isHealthy: false } });
    ask(world, 'snapshot', 'asked');
    world.settle();
    measure(world, { m1: {}, m2: { isLeader: true } });
    world.settle();
    expect(world.issued).toEqual(['m2: take an etcd snapshot']);
  });

  test('nobody while no master calls, and the request says so', () => {
    const world = installed();
    for (const { record } of masters) world.setOnline(record.name, false);
    ask(world, 'snapshot', 'asked');
    expect(world.settle().waits).toContainEqual(
      expect.objectContaining({
        request: 'asked',
        reason: expect.objectContaining({ code: 'no-delegate' }),
      }),
    );
  });
});

describe('without a recovery key', () => {
  test('nothing is sealed and nothing is copied', () => {
    const world = installed();
    ask(world, 'snapshot', 'asked');
    carryOut(world);
    const kinds = world.drafts.flatMap(({ stages }) => stages.flatMap(({ steps }) => steps));
    expect(kinds.map(({ kind }) => kind)).not.toContain('seal-snapshot');
    expect(world.issued).toEqual(['m1: take an etcd snapshot']);
    expect(snapshotsOf(world)).toMatchObject([{ id: 'asked', sealed: null, copiedMs: null }]);
  });
});

describe('with a recovery key', () => {
  test('what was taken is sealed, copied by the host that took it, and known to be so', () => {
    const world = installed({}, { recoveryKey });
    ask(world, 'snapshot', 'asked');
    carryOut(world);
    expect(world.issued).toEqual([
      'm1: take an etcd snapshot',
      'm1: copy an etcd snapshot to the coordinator',
    ]);
    const copy = world.drafts.at(-1)?.stages[0]?.steps[0];
    expect(copy).toMatchObject({
      kind: 'upload-snapshot',
      args: { id: 'asked', sha256: 'a'.repeat(64), bytes: 4096 },
    });
    carryOut(world);
    expect(snapshotsOf(world).at(-1)).toMatchObject({ id: 'asked', copiedMs: world.now });
    world.settle();
    expect(world.running()).toEqual([]);
  });

  test('of two that were not copied only the newer is', () => {
    const world = installed({}, { recoveryKey });
    ask(world, 'snapshot', 'one');
    carryOut(world);
    for (const plan of world.running()) world.fail(plan, { retryable: false });
    world.now += 1_000;
    ask(world, 'snapshot', 'two');
    carryOut(world, 'one two');
    const about = world.running().map(({ goalKey }) => goalKey.subject);
    expect(about).toEqual(['two']);
  });

  test('copies beyond what is kept lose their place, the oldest first', () => {
    const world = installed({ keep: 2, schedule: 'off' }, { recoveryKey });
    for (const id of ['one', 'two', 'three']) {
      world.now += 1_000;
      ask(world, 'snapshot', id);
      carryOut(world, 'one two three');
      carryOut(world);
    }
    expect(
      snapshotsOf(world)
        .filter(({ sealed }) => sealed !== null)
        .map(({ id }) => id),
    ).toEqual(['two', 'three']);
  });
});

test('a snapshot that is neither on its host nor copied is forgotten, and stays so', () => {
  const world = installed({ schedule: 'off' });
  ask(world, 'snapshot', 'one');
  carryOut(world, 'one');
  world.now += 1_000;
  ask(world, 'snapshot', 'two');
  carryOut(world, 'two');
  expect(snapshotsOf(world).map(({ id, isOnHost }) => [id, isOnHost])).toEqual([
    ['one', false],
    ['two', true],
  ]);
  world.now += 49 * hour;
  // Plans and requests of so long ago are gone too.
  const nodes = world.view.nodes.map((node) => ({ ...node, plans: node.plans.slice(-1) }));
  world.view = { ...world.view, nodes, requests: [] };
  world.settle();
  expect(snapshotsOf(world).map(({ id }) => id)).toEqual(['two']);
});

describe('defragmentation', () => {
  const defragmented = (world: PlanningWorld): readonly string[] =>
    world.issued.filter((line) => line.endsWith('defragment the etcd database'));

  test('takes one member at a time, the leader last', () => {
    const world = installed({ schedule: 'off' });
    measure(world, { m1: { isLeader: true }, m2: {}, m3: {} });
    ask(world, 'defragment', 'asked');
    const order: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      world.settle();
      const running = world.running();
      expect(running.length).toBeLessThanOrEqual(1);
      for (const plan of running) {
        expect(world.view.cluster.change).toMatchObject({ kind: 'defragment' });
        world.finish(plan);
      }
      world.now += 1_000;
    }
    order.push(...defragmented(world).map((line) => line.split(':')[0] ?? ''));
    expect(order).toEqual(['m2', 'm3', 'm1']);
    expect(world.view.cluster.change).toBeNull();
    world.now += 1_000;
    world.settle();
    expect(defragmented(world)).toHaveLength(3);
  });

  test('the disrupting step stands between gates over every member', () => {
    const world = installed({ schedule: 'off' });
    ask(world, 'defragment', 'asked');
    world.settle();
    const steps = world.drafts.at(-1)?.stages.flatMap((stage) => stage.steps) ?? [];
    expect(steps.map(({ kind, effect }) => [kind, effect])).toEqual([
      ['wait-etcd-healthy', 'read'],
      ['defragment-etcd', 'disrupt'],
      ['wait-etcd-healthy', 'read'],
    ]);
  });

  test('is due by itself for a member that is mostly free pages, once a day at most', () => {
    const world = installed({ schedule: 'off' });
    measure(world, { m1: {}, m2: { isSparse: true }, m3: {} });
    world.runAll();
    expect(defragmented(world)).toEqual(['m2: defragment the etcd database']);
    world.now += 23 * hour;
    world.runAll();
    expect(defragmented(world)).toHaveLength(1);
    world.now += 2 * hour;
    world.runAll();
    expect(defragmented(world)).toHaveLength(2);
  });

  test.each<[string, (world: PlanningWorld) => void]>([
    [
      'another change is under way',
      (world) => {
        const { cluster } = world.view;
        const [m1 = cluster.masters[0]] = cluster.masters;
        if (m1 === undefined) throw new Error('no master');
        const change = {
          kind: 'join',
          subjects: [m1],
          delegate: m1,
          beganMs: 0,
          numbersBefore: { host: 99, cluster: 99 },
        } as const;
        world.view = { ...world.view, cluster: { ...cluster, change } };
      },
    ],
    ['a member is away', (world) => world.setOnline('m3', false)],
    ['a member is ill', (world) => measure(world, { m3: { isHealthy: false } })],
  ])('waits while %s', (_, fault) => {
    const world = installed({ schedule: 'off' });
    fault(world);
    ask(world, 'defragment', 'asked');
    world.settle();
    expect(defragmented(world)).toEqual([]);
  });

  test('one that fails for good is given up: the change is over, and the next member has its turn', () => {
    const world = installed({ schedule: 'off' });
    ask(world, 'defragment', 'asked');
    world.settle();
    for (const plan of world.running()) world.fail(plan, { retryable: false });
    world.now += 1_000;
    world.settle();
    expect(defragmented(world)).toEqual([
      'm1: defragment the etcd database',
      'm2: defragment the etcd database',
    ]);
  });

  test('a host that goes away before it took the plan does not hold the cluster up', () => {
    const world = installed({ schedule: 'off' });
    ask(world, 'defragment', 'asked');
    world.settle();
    world.setOnline('m1', false);
    world.settle();
    // Its plan may still be taken: the change stands as long as it is out.
    expect(world.view.cluster.change).not.toBeNull();
    const nodes = world.view.nodes.map((node) => ({
      ...node,
      plans: node.plans.map((plan) =>
        plan.state === 'issued' ? { ...plan, state: 'expired' as const } : plan,
      ),
    }));
    world.view = { ...world.view, nodes };
    world.settle();
    expect(world.view.cluster.change).toBeNull();
  });
});
