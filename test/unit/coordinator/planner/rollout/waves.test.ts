import { describe, expect, test } from 'vitest';
import { mostAway } from '../../../../../coordinator/planner/rollout/waves.ts';
import {
  isOpenAt,
  opensAt,
  parseWindow,
} from '../../../../../coordinator/spec/maintenance-window.ts';
import { calm, RolloutWorld, upgraded } from '../../../../support/rollout-world.ts';

/** Something that restarts, and needs no drain. */
const settings = { kubelet: { maxPods: 42 } } as const;

const aBlockingPod = {
  namespace: 'shop',
  pod: 'cart-0',
  why: 'budget',
  budget: 'cart',
  message: 'needs 1 healthy pod',
} as const;

const hostsAtIt = (world: RolloutWorld): readonly string[] =>
  world
    .running()
    .filter(({ goal }) => goal === 'change host')
    .map(({ nodeId }) => world.nameOf(nodeId));

describe('how many hosts may be away', () => {
  test.each([
    ['10%', 5, 1],
    ['10%', 20, 2],
    ['50%', 3, 1],
    ['100%', 4, 4],
    [3, 100, 3],
  ])('%s of %i are %i', (limit, size, most) => {
    expect(mostAway(limit, size)).toBe(most);
  });
});

test('the canary goes alone, then waves of as many as may be away', () => {
  const world = RolloutWorld.finished({
    masters: 1,
    workers: 7,
    rollout: { canary: 1, maxUnavailable: 3, soak: '10s' },
  });
  world.apply(settings);
  const waves: number[] = [];
  world.settle();
  for (let round = 0; round < 60; round += 1) {
    const atIt = hostsAtIt(world).length;
    if (atIt > 0) waves.push(atIt);
    world.round();
    world.now += 10_000;
    world.settle();
  }
  // The master, the canary, three, three.
  expect(waves).toEqual([1, 1, 3, 3]);
  expect(world.rollout.state).toBe('done');
});

test('nothing begins before a wave has stayed well for the time of the soak', () => {
  const world = RolloutWorld.finished({ masters: 1, workers: 2, rollout: { soak: '60s' } });
  world.apply(settings);
  world.settle();
  while (!world.since.includes('w1: change host')) world.round();
  const decision = world.round();
  expect(world.since).not.toContain('w2: change host');
  const wait = decision.waits.find(({ subject }) => subject === 'w2');
  expect(wait?.reason).toMatchObject({ code: 'rollout-soak', names: ['w1'] });
  world.now += 61_000;
  world.settle();
  expect(world.since).toContain('w2: change host');
});

test('a changed host that is not Ready any more holds the next wave', () => {
  const world = RolloutWorld.finished({ masters: 1, workers: 2, rollout: { soak: '10s' } });
  world.apply(settings);
  world.settle();
  while (!world.since.includes('w1: change host')) world.round();
  world.round();
  world.setNodeReady('w1', false);
  world.now += 60_000;
  const decision = world.settle();
  expect(world.since).not.toContain('w2: change host');
  const wait = decision.waits.find(({ subject }) => subject === 'w2');
  expect(wait?.reason).toMatchObject({ code: 'rollout-unwell', names: ['w1'] });
});

test('a canary that fails is taken back and stops the rollout', () => {
  const world = RolloutWorld.finished({ masters: 1, workers: 4, rollout: { failureBudget: 3 } });
  world.apply(settings);
  world.roll((line) => line === 'w1: change host');
  expect(world.since).toContain('w1: take host back to what it had');
  expect(world.since.some((line) => line.startsWith('w2: change'))).toBe(false);
  expect(world.rollout.state).toBe('stopped');
  expect(world.host('w1')).toMatchObject({ state: 'failed', isTakenBack: true, why: 'it broke' });
});

test('as many hosts may fail as the budget has, and then nothing new begins', () => {
  const world = RolloutWorld.finished({
    masters: 1,
    workers: 6,
    rollout: { failureBudget: 2, maxUnavailable: 1, soak: '0s' },
  });
  world.apply(settings);
  world.roll((line) => /^w[23]: change host/.test(line));
  expect(world.rollout.state).toBe('stopped');
  expect(world.host('w1')?.state).toBe('done');
  expect(world.host('w4')?.state).toBe('pending');
});

test('a rollout that was stopped by a bad setting is done when the right one is applied', () => {
  const world = RolloutWorld.finished({ masters: 1, workers: 3 });
  world.apply(settings);
  world.roll((line) => line === 'w1: change host');
  expect(world.rollout.state).toBe('stopped');
  world.apply({ kubelet: { maxPods: 50 } });
  world.roll();
  expect(world.rollout).toMatchObject({ id: 'r2', state: 'done' });
});

test('outside its windows nothing begins, and what is under way ends', () => {
  const world = RolloutWorld.finished({
    masters: 1,
    workers: 2,
    rollout: { windows: ['0 3 * * * 1h'] },
  });
  world.now = Date.UTC(2027, 0, 15, 12, 0, 0);
  world.apply(settings);
  const decision = world.settle();
  while (world.running().length > 0) world.round();
  expect(world.since.some((line) => line.endsWith('change host'))).toBe(false);
  const wait = world.settle().waits.find(({ reason }) => reason.code === 'rollout-window');
  expect(wait?.reason).toMatchObject({ opensMs: Date.UTC(2027, 0, 16, 3, 0, 0) });
  expect(decision.wakeAtMs).not.toBeNull();
  world.now = Date.UTC(2027, 0, 16, 3, 0, 1);
  world.settle();
  expect(world.since.some((line) => line.endsWith('change host'))).toBe(true);
});

describe('a window', () => {
  test('is a cron expression and a length', () => {
    expect(parseWindow('0 22 * * 1-5 4h')).toEqual({ cron: '0 22 * * 1-5', lengthMs: 14_400_000 });
    expect(parseWindow('0 22 * * 4h')).toBeNull();
    expect(parseWindow('61 22 * * * 4h')).toBeNull();
  });

  test('is open from its start for its length, also past midnight', () => {
    const windows = ['0 22 * * 5 4h'];
    const friday = Date.UTC(2027, 0, 15);
    const hour = 3_600_000;
    expect(isOpenAt(windows, friday + 21 * hour)).toBe(false);
    expect(isOpenAt(windows, friday + 22 * hour)).toBe(true);
    expect(isOpenAt(windows, friday + 25 * hour)).toBe(true);
    expect(isOpenAt(windows, friday + 26 * hour + 1)).toBe(false);
    expect(opensAt(windows, friday)).toBe(friday + 22 * hour);
  });
});

test('paused, what is under way ends and nothing begins; resumed, it goes on', () => {
  const world = RolloutWorld.finished({ masters: 1, workers: 3 });
  world.apply(settings);
  world.settle();
  while (!world.since.includes('w1: change host')) world.round();
  world.setRollout({ state: 'paused', by: 'ann' });
  const decision = world.roll();
  expect(world.host('w1')?.state).toBe('done');
  expect(world.since).not.toContain('w2: change host');
  const wait = decision.waits.find(({ subject }) => subject === 'w2');
  expect(wait?.reason).toMatchObject({ code: 'rollout-paused', by: 'ann' });
  world.setRollout({ state: 'running' });
  world.roll();
  expect(world.rollout.state).toBe('done');
});

test('a host that cannot be drained in time is given back and left for later, and never stops the others', () => {
  const world = RolloutWorld.finished({
    masters: 1,
    workers: 3,
    rollout: { canary: 0, soak: '0s' },
  });
  world.apply(upgraded);
  world.settle();
  const blocked = { left: '1', blocking: JSON.stringify([aBlockingPod]), cordoned: 'yes' };
  for (let round = 0; round < 400 && world.host('w2')?.state !== 'done'; round += 1) {
    for (const plan of world.running()) {
      const isStuck = plan.goal === 'drain w1';
      world.finish(plan, isStuck ? { ...calm, 'drain-node': blocked } : calm);
    }
    world.now += 10_000;
    world.settle();
  }
  expect(world.host('w1')).toMatchObject({
    state: 'left',
    cordonedMs: null,
    blocking: [aBlockingPod],
  });
  expect(world.since.some((line) => line.includes('uncordon w1'))).toBe(true);
  expect(world.host('w2')?.state).toBe('done');
});

test('a host that a renderer refuses fails alone, with its words', () => {
  const world = RolloutWorld.finished({
    masters: 1,
    workers: 2,
    rollout: { canary: 0, soak: '0s' },
  });
  world.apply(settings);
  world.settle();
  world.setFacts('w1', { architecture: 'aarch64' });
  world.roll();
  expect(world.host('w1')).toMatchObject({ state: 'failed' });
  expect(world.host('w1')?.why).toContain('arm64');
  expect(world.host('w2')?.state).toBe('pending');
  expect(world.rollout.state).toBe('stopped');
});

test('aborted, cordons are taken back, changed hosts stay changed and the rest is as it was', () => {
  const world = RolloutWorld.finished({ masters: 1, workers: 3, rollout: { soak: '0s' } });
  world.apply(upgraded);
  world.settle();
  while (!world.since.some((line) => line.includes('drain w2'))) world.round();
  world.setRollout({ state: 'aborting', by: 'ann' });
  world.roll();
  expect(world.rollout).toMatchObject({ state: 'aborted', by: 'ann' });
  expect(world.host('w1')?.state).toBe('done');
  expect(world.host('w2')).toMatchObject({ state: 'pending', cordonedMs: null });
  expect(world.since.at(-1)).toContain('uncordon w2');
});

test('with onTimeout delete a host whose drain is overdue is drained without its budgets, and changed', () => {
  const drain = { onTimeout: 'delete' };
  const world = RolloutWorld.finished({ masters: 1, workers: 2, rollout: { soak: '0s', drain } });
  world.apply(upgraded);
  world.settle();
  const blocked = { left: '1', blocking: JSON.stringify([aBlockingPod]), cordoned: 'yes' };
  for (let round = 0; round < 400 && world.host('w1')?.state !== 'done'; round += 1) {
    for (const plan of world.running()) {
      const isForced = JSON.stringify(world.argsOf(plan)).includes('"disableEviction":true');
      const isStuck = plan.goal === 'drain w1' && !isForced;
      world.finish(plan, isStuck ? { ...calm, 'drain-node': blocked } : calm);
    }
    world.now += 10_000;
    world.settle();
  }
  expect(world.host('w1')).toMatchObject({ state: 'done', cordonedMs: null });
  expect(world.host('w1')).not.toHaveProperty('forcedMs');
});

test('a host is taken back to what its pool said before, too', () => {
  const world = RolloutWorld.finished({ masters: 1, workers: 2 });
  const before = world.view.cluster.spec.pools;
  const pools = before.map((pool) =>
    pool.name === 'workers' ? { ...pool, kubelet: { maxPods: 7 } } : pool,
  );
  world.apply({ pools });
  world.roll((line) => line === 'w1: change host');
  const told = (goal: string): string => {
    const issued = world.plans.findLast(({ draft }) => draft.goal === goal);
    return JSON.stringify(issued?.draft.stages);
  };
  expect(told('change host')).toContain('maxPods: 7');
  expect(told('take host back to what it had')).toContain('kubelet');
  expect(told('take host back to what it had')).not.toContain('maxPods: 7');
});
