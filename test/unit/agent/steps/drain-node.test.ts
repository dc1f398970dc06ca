import { describe, expect, it, test } from 'vitest';
import { drainNode } from '../../../../agent/steps/drain-node.ts';
import { mostBlockingPods } from '../../../../shared/model/drain.ts';
import { drainArgs, drainWorld } from './drain-world.ts';

const webBudget = { app: 'web' };
const web = { labels: webBudget };

test('evicts the pods of a cordoned node; the second time nothing is changed', async () => {
  await using world = await drainWorld();
  world.cluster.add('web-1').add('web-2', { endsAfterMs: 3_000 }).add('other', { node: 'w2' });
  const { outputs, tookMs } = await world.drain();
  expect(outputs).toEqual({ left: '0', blocking: '[]', cordoned: 'yes' });
  expect(tookMs).toBeLessThan(5_000);
  expect(world.cluster.told).toEqual(['evict shop/web-1', 'evict shop/web-2']);
  expect(await drainNode.check(drainArgs, world.context)).toMatchObject({ kind: 'satisfied' });
  expect(world.cluster.told).toHaveLength(2);
});

describe('leaves alone', () => {
  test.each([
    ['a pod of a DaemonSet', { controller: 'DaemonSet' }],
    [
      'the mirror of a static pod',
      { controller: null, annotations: { 'kubernetes.io/config.mirror': 'x' } },
    ],
    ['a pod that has finished', { phase: 'Succeeded' }],
    ['a pod that has failed', { phase: 'Failed', controller: null }],
  ])('%s', async (_, options) => {
    await using world = await drainWorld();
    world.cluster.add('stays', options);
    expect(await world.drain()).toMatchObject({ left: 0, tookMs: 0 });
    expect(world.cluster.names()).toEqual(['shop/stays']);
  });

  it('the pods of a node that somebody has made schedulable again', async () => {
    await using world = await drainWorld();
    world.cluster.add('web-1').setCordon(false);
    expect(await world.drain()).toMatchObject({ left: 1, outputs: { cordoned: 'no' }, tookMs: 0 });
    expect(world.cluster.told).toEqual([]);
  });

  it('the pods of another machine that has the name now', async () => {
    await using world = await drainWorld();
    world.cluster.add('web-1');
    const { outputs } = await world.drain({ machineId: 'another-machine' });
    expect(outputs).toEqual({ left: '0', blocking: '[]', cordoned: 'gone' });
    expect(world.cluster.told).toEqual([]);
  });
});

test('stops evicting when the node is made schedulable in the middle of it', async () => {
  await using world = await drainWorld();
  world.cluster.add('web-1');
  world.server.on(/^POST .*\/web-1\/eviction$/, () => {
    world.cluster.setCordon(false);
    world.cluster.add('just-came');
    return null;
  });
  const { outputs } = await world.drain();
  expect(outputs).toMatchObject({ cordoned: 'no' });
  expect(world.cluster.told).toEqual(['evict shop/web-1']);
});

describe('a budget that does not allow it', () => {
  it('is no failure: the pod waits, and the budget is named', async () => {
    await using world = await drainWorld();
    world.cluster.add('web-1', web).add('db-1').budget('web', webBudget, 0);
    const { left, blocking, tookMs } = await world.drain();
    expect({ left, blocking }).toEqual({
      left: 1,
      blocking: [
        {
          namespace: 'shop',
          pod: 'web-1',
          why: 'budget',
          budget: 'web',
          message: 'The disruption budget web needs 2 healthy pods and has 2 currently',
        },
      ],
    });
    expect(tookMs).toBeGreaterThanOrEqual(20_000);
    expect(tookMs).toBeLessThan(25_000);
    expect(world.cluster.names()).toEqual(['shop/web-1']);
    expect(world.context.said.join(' ')).toContain(
      'pod shop/web-1, held by PodDisruptionBudget web',
    );
  });

  it('is asked again, and the pod goes as soon as it does', async () => {
    await using world = await drainWorld();
    const budget = world.cluster.add('web-1', web).budget('web', webBudget, 0);
    let asked = 0;
    world.server.on(/\/eviction$/, () => {
      asked += 1;
      // Another pod of it has become ready elsewhere.
      if (asked === 3) budget.allowed = 1;
      return null;
    });
    expect(await world.drain()).toMatchObject({ left: 0 });
    expect(asked).toBe(3);
  });

  it('holds a pod that never became ready in the same way, until the API server lets it go', async () => {
    await using world = await drainWorld();
    const budget = world.cluster
      .add('web-1', { ...web, phase: 'Pending' })
      .budget('web', webBudget, 0);
    expect(await world.drain()).toMatchObject({ left: 1, blocking: [{ why: 'budget' }] });
    // unhealthyPodEvictionPolicy: AlwaysAllow
    budget.allowed = 1;
    expect(await world.drain()).toMatchObject({ left: 0 });
  });

  it('is not asked when pods are deleted instead', async () => {
    await using world = await drainWorld();
    world.cluster.add('web-1', web).budget('web', webBudget, 0);
    const manner = { disableEviction: true, podGraceSeconds: 5 };
    expect(await world.drain(manner)).toMatchObject({ left: 0 });
    expect(world.cluster.told).toEqual(['delete shop/web-1 within 5 s']);
  });
});

test('a 429 that no budget gave is tried again', async () => {
  await using world = await drainWorld();
  world.cluster.add('web-1');
  let asked = 0;
  world.server.on(/\/eviction$/, () => {
    asked += 1;
    return asked === 1 ? { status: 429, body: { message: 'too many requests' } } : null;
  });
  expect(await world.drain()).toMatchObject({ left: 0 });
});

test('an eviction that the API server refuses holds that pod, and no other', async () => {
  await using world = await drainWorld();
  world.cluster.add('web-1', web).add('db-1');
  world.cluster.budget('web', webBudget, 1);
  world.cluster.budget('web-too', webBudget, 1);
  const { left, blocking } = await world.drain();
  expect(left).toBe(1);
  expect(blocking).toMatchObject([
    { pod: 'web-1', why: 'not-evicted', message: expect.stringContaining('more than one') },
  ]);
});

test('names the finalizers of a pod that has ended and does not go', async () => {
  await using world = await drainWorld();
  world.cluster.add('web-1', { finalizers: ['example.org/keeper'] });
  const { blocking } = await world.drain({ podGraceSeconds: 2 });
  expect(blocking).toMatchObject([
    { pod: 'web-1', why: 'finalizers', message: 'example.org/keeper' },
  ]);
  // Told once: a pod that ends is waited for.
  expect(world.cluster.told).toHaveLength(1);
});

test('waits for a pod that ends already, and says so when the time is over', async () => {
  await using world = await drainWorld();
  world.cluster.add('slow', { endsAfterMs: 600_000 });
  expect(await world.drain({ podGraceSeconds: 60 })).toMatchObject({
    left: 1,
    blocking: [{ pod: 'slow', why: 'terminating' }],
  });
});

describe('a pod that would be lost', () => {
  it('without a controller is evicted only on demand, and named at once', async () => {
    await using world = await drainWorld();
    world.cluster.add('by-hand', { controller: null });
    expect(await world.drain()).toMatchObject({ left: 1, blocking: [{ why: 'unmanaged' }] });
    expect(world.context.clock.boot()).toBe(1_000_000);
    expect(await world.drain({ evictUnmanaged: true })).toMatchObject({ left: 0 });
  });

  it('with data in an emptyDir is evicted only when that is allowed', async () => {
    await using world = await drainWorld();
    world.cluster.add('cache', { hasEmptyDir: true });
    const kept = await world.drain({ deleteEmptyDirData: false });
    expect(kept).toMatchObject({ left: 1, blocking: [{ why: 'empty-dir' }] });
    expect(await world.drain()).toMatchObject({ left: 0 });
  });
});

test('goes on where an agent that died has left off', async () => {
  await using world = await drainWorld();
  world.cluster.add('web-1', { endsAfterMs: 10_000 }).add('web-2', web);
  const budget = world.cluster.budget('web', webBudget, 0);
  const dying = new AbortController();
  world.server.on(/^GET \/api\/v1\/pods$/, () => {
    if (world.cluster.told.length > 0) dying.abort();
    return null;
  });
  const context = { ...world.context, signal: dying.signal };
  await expect(drainNode.apply(drainArgs, context)).rejects.toThrow();
  expect(world.cluster.told).toEqual(['evict shop/web-1']);
  budget.allowed = 1;
  expect(await world.drain()).toMatchObject({ left: 0 });
  expect(world.cluster.told).toEqual(['evict shop/web-1', 'evict shop/web-2']);
});

test('an API server that is away for a moment ends nothing', async () => {
  await using world = await drainWorld();
  world.cluster.add('web-1', web).budget('web', webBudget, 0);
  let lists = 0;
  world.server.on(/^GET \/api\/v1\/pods$/, () => {
    lists += 1;
    return lists > 3 ? { status: 503, body: { message: 'etcdserver: leader changed' } } : null;
  });
  expect(await world.drain()).toMatchObject({ left: 1, blocking: [{ why: 'budget' }] });
});

test('reads a list of any length, and names no more than fit', async () => {
  await using world = await drainWorld();
  for (let number = 0; number < 600; number += 1) world.cluster.add(`web-${number}`, web);
  world.cluster.budget('web', webBudget, 0);
  const { left, blocking, outputs } = await world.drain({ waitSeconds: 0 });
  expect(left).toBe(600);
  expect(blocking).toHaveLength(mostBlockingPods);
  expect(JSON.stringify(outputs).length).toBeLessThan(16 * 1024);
});

test('a pod that came under the name of one that was evicted elsewhere is not meant', async () => {
  await using world = await drainWorld();
  world.cluster.add('web-0', { controller: 'StatefulSet' });
  world.server.on(/\/eviction$/, () => {
    world.cluster.pods.length = 0;
    world.cluster.add('web-0', { controller: 'StatefulSet', node: 'w2' });
    return null;
  });
  expect(await world.drain()).toMatchObject({ left: 0 });
  expect(world.cluster.told).toEqual([]);
});
