import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ClusterView } from '../../../../coordinator/planner/view.ts';
import { createPolls } from '../../../../coordinator/presence/polls.ts';
import { createReadModel } from '../../../../coordinator/read-model.ts';
import {
  type ClusterRecord,
  type FleetRecord,
  keys,
  type NodeRecord,
  type PlanRecord,
  STORE_SCHEMA,
} from '../../../../coordinator/store/records.ts';
import { openSqliteStore } from '../../../../coordinator/store/sqlite-store.ts';
import type { Store, Stored } from '../../../../coordinator/store/store.ts';
import { goalKeyFrom, upgradeRecords } from '../../../../coordinator/store/upgrade-records.ts';
import { memoryStore } from '../../../fakes/store.ts';
import { aCluster, aSpec } from '../../../support/cluster-builders.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { PlanningWorld } from '../../../support/planning-world.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/store-0.1');
type Fixture = 'preparing' | 'joining' | 'finished';

/** A store as version 0.1 left it, opened by SQLite as a coordinator opens it. */
async function opened(name: Fixture): Promise<Store> {
  const path = join(await temporaryDirectory(), 'store.db');
  await writeFile(path, gunzipSync(readFileSync(join(fixtures, `${name}.db.gz`))));
  return openSqliteStore(path);
}

/** What decide() would see of it, with every agent calling. */
async function viewOf(store: Store): Promise<ClusterView> {
  const polls = createPolls(manualClock());
  const artifacts = async ({ lock }: ClusterRecord) => ({
    stored: new Set(lock.artifacts.map(({ sha256 }) => sha256)),
    pulling: false,
  });
  const snapshot = await createReadModel({ store, polls, artifacts }).refresh();
  const cluster = snapshot.clusters[0]!;
  const view = await snapshot.viewOf(cluster.value);
  const lastPollMs = Date.UTC(2026, 10, 21, 18);
  return { ...view, nodes: view.nodes.map((node) => ({ ...node, online: true, lastPollMs })) };
}

async function worldOf(name: Fixture): Promise<PlanningWorld> {
  const store = await opened(name);
  await upgradeRecords(store);
  const view = await viewOf(store);
  await store.close();
  const world = new PlanningWorld(view.nodes, view);
  // The moment at which the copy was made, as far as its records tell.
  const times = view.nodes.flatMap(({ plans }) =>
    plans.flatMap(({ issuedMs, finishedMs }) => [issuedMs, finishedMs ?? 0]),
  );
  world.now = Math.max(...times) + 1000;
  return world;
}

describe('a store of version 0.1', () => {
  test('with a finished cluster is at rest: nothing is issued, every host is ready', async () => {
    const world = await worldOf('finished');
    const decision = world.settle();
    expect(world.issued).toEqual([]);
    expect(decision.waits).toEqual([]);
    expect(new Set(Object.values(decision.phases))).toEqual(new Set(['ready']));
    const { cluster } = world.view;
    expect(cluster.etcd?.members.map(({ name }) => name).sort()).toEqual(['m1', 'm2', 'm3']);
    expect(cluster.masters).toHaveLength(3);
    expect(Object.keys(cluster.reached).sort()).toEqual(['first-snapshot', 'smoke-test']);
  });

  test('with a master in the middle of its join goes on with that join, and with no other', async () => {
    const world = await worldOf('joining');
    const decision = world.settle();
    expect(world.running().map(({ nodeName, goal }) => `${nodeName}: ${goal}`)).toEqual([
      'm1: join control plane',
    ]);
    expect(world.issued).toEqual([]);
    expect(decision.phases['m3']).toBe('ready');
    world.runAll();
    expect(world.issued.filter((line) => line.includes('join'))).toEqual(
      expect.arrayContaining([
        'm2: join control plane',
        'w1: join as worker',
        'w2: join as worker',
      ]),
    );
    expect(world.issued).not.toContain('m1: prepare host');
    expect(world.view.cluster.masters).toHaveLength(3);
  });

  test('with hosts being prepared repeats what had failed, and ends with a cluster', async () => {
    const world = await worldOf('preparing');
    world.runAll();
    expect(world.issued).toContain('m3: prepare host');
    expect(world.issued.filter((line) => line.endsWith('prepare host'))).toHaveLength(1);
    expect(world.issued.filter((line) => line.endsWith('stage artifacts'))).toEqual([]);
    expect(world.view.cluster.masters).toHaveLength(3);
  });

  test.each(['preparing', 'joining', 'finished'] as const)(
    '(%s) is gone on with after a crash between any two writes',
    async (name) => {
      const original = await opened(name);
      const records = await original.range<unknown>('');
      await original.close();
      const whole = await upgraded(records, Number.POSITIVE_INFINITY);
      const writes = whole.writes;
      for (let crash = 0; crash < writes; crash += 7) {
        const { left } = await upgraded(records, crash);
        const again = await upgraded(left, Number.POSITIVE_INFINITY);
        expect(valuesOf(again.left)).toEqual(valuesOf(whole.left));
      }
    },
  );

  test('is upgraded once: the second time nothing is written', async () => {
    const store = await opened('finished');
    await upgradeRecords(store);
    const revision = await store.revision();
    await upgradeRecords(store);
    expect(await store.revision()).toBe(revision);
    expect((await store.get<FleetRecord>(keys.fleet))?.value.schema).toBe(STORE_SCHEMA);
    await store.close();
  });

  test('keeps its plans, with goals as values', async () => {
    const store = await opened('finished');
    const before = await store.range<PlanRecord>(keys.plans);
    await upgradeRecords(store);
    const after = await store.range<PlanRecord>(keys.plans);
    expect(after.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
    const kinds = new Set(after.map(({ value }) => value.goalKey.kind));
    expect(kinds).toEqual(
      new Set([
        'stage',
        'prepare',
        'cluster-keys',
        'init',
        'credentials',
        'join',
        'forget-credentials',
        'snapshot',
        'smoke-image',
        'smoke-test',
        'user-certificate',
      ]),
    );
    const nodes = await store.range<NodeRecord>(keys.nodes);
    expect(nodes.every(({ value }) => value.retryGeneration === 0)).toBe(true);
    await store.close();
  });
});

test('a store that a newer version wrote is refused, and nothing in it is changed', async () => {
  const store = memoryStore();
  const fleet = { fleet: 'f1', epoch: 1, createdMs: 0, schema: STORE_SCHEMA + 1 };
  await store.put(keys.fleet, fleet, 0);
  await expect(upgradeRecords(store)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('written by a newer version of Muster'),
  });
  expect((await store.get(keys.fleet))?.value).toEqual(fleet);
});

test.each([
  ['prepare/0a1b/9f#2', { kind: 'prepare', subject: '0a1b', inputsDigest: '9f', generation: 2 }],
  ['credentials/0a/1b/3#0', { kind: 'credentials', subject: '0a', inputsDigest: '1b/3' }],
  ['forget/pabc#0', { kind: 'forget-credentials', subject: 'pabc' }],
  ['smoke/install#0', { kind: 'smoke-test', subject: 'install' }],
  ['request/c12#1', { kind: 'user-certificate', subject: 'c12', generation: 1 }],
])('reads the goal of %s', (contentKey, expected) => {
  expect(goalKeyFrom(contentKey, 'node')).toMatchObject(expected);
});

/** Upgrades these records and crashes before write number `crash`. */
async function upgraded(
  records: readonly Stored<unknown>[],
  crash: number,
): Promise<{ readonly left: readonly Stored<unknown>[]; readonly writes: number }> {
  const store = memoryStore();
  for (const { key, value } of records) await store.put(key, value, 0);
  let writes = 0;
  const dying: Store = {
    ...store,
    get: (key) => store.get(key),
    range: (prefix) => store.range(prefix),
    put: async (key, value, expected) => {
      if (writes >= crash) throw new Error('the power is cut');
      writes += 1;
      return await store.put(key, value, expected);
    },
  };
  await upgradeRecords(dying).catch((thrown: unknown) => {
    if (crash === Number.POSITIVE_INFINITY) throw thrown;
  });
  return { left: await store.range<unknown>(''), writes };
}

const valuesOf = (records: readonly Stored<unknown>[]) =>
  Object.fromEntries(records.map(({ key, value }) => [key, value]));

test('what a host showed at its join is filled in from what it reported last, once', async () => {
  const store = await opened('finished');
  await upgradeRecords(store);
  const nodes = await store.range<NodeRecord>(keys.nodes);
  expect(nodes.length).toBeGreaterThan(0);
  for (const { value } of nodes) expect(value.origin?.hostname).toBe(value.name);
  const revision = await store.revision();
  await upgradeRecords(store);
  expect(await store.revision()).toBe(revision);
  await store.close();
});

test('a spec of an older version gets the fields that came since, as where nothing is said', async () => {
  const store = memoryStore();
  const { etcd, ...rest } = aSpec();
  const older = { ...rest, etcd: { placement: etcd.placement } };
  await store.put(keys.fleet, { fleet: 'f', epoch: 1, createdMs: 0, schema: STORE_SCHEMA }, 0);
  await store.put(keys.cluster('lab'), { ...aCluster(), spec: older }, 0);
  await upgradeRecords(store);
  const stored = await store.get<ClusterRecord>(keys.cluster('lab'));
  expect(stored?.value.spec.etcd.snapshots).toEqual({ schedule: '0 */6 * * *', keep: 8 });
  await upgradeRecords(store);
  expect((await store.get(keys.cluster('lab')))?.revision).toBe(stored?.revision);
});
