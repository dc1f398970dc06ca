// Labels and taints of living nodes: what apply changed is brought to every Node of the pool at once.
import { describe, expect, it, test } from 'vitest';
import { previewOf } from '../../../../../coordinator/planner/rollout/preview.ts';
import type { ClusterSpec } from '../../../../../coordinator/spec/cluster-spec.ts';
import type { StepArgs } from '../../../../../shared/model/step.ts';
import { RolloutWorld } from '../../../../support/rollout-world.ts';

const batch = { key: 'dedicated', value: 'batch', effect: 'NoSchedule' } as const;

const poolWith = (
  world: RolloutWorld,
  name: string,
  change: Partial<ClusterSpec['pools'][number]>,
): Pick<ClusterSpec, 'pools'> => ({
  pools: world.view.cluster.spec.pools.map((pool) =>
    pool.name === name ? { ...pool, ...change } : pool,
  ),
});

const labelled = (world: RolloutWorld): readonly string[] =>
  world.since.map((line) => line.split(': ')[1] ?? '').filter((goal) => goal.startsWith('label '));

/** What the last plan about the host was asked to do. */
function asked(world: RolloutWorld, name: string): StepArgs['label-node'] {
  const draft = world.drafts.findLast(({ goal }) => goal === `label ${name}`);
  const step = draft?.stages[0]?.steps[0];
  if (step?.kind !== 'label-node') throw new Error(`nothing was asked of ${name}`);
  return step.args;
}

const given = (world: RolloutWorld, name: string): string | null | undefined =>
  world.view.nodes.find(({ record }) => record.name === name)?.record.applied.labels?.digest;

test('a label and a taint of a pool come to all of its nodes at once, and to no others', () => {
  const world = RolloutWorld.finished({ masters: 3, workers: 5 });
  world.apply(poolWith(world, 'workers', { labels: { disk: 'fast' }, taints: [batch] }));
  world.settle();
  expect(labelled(world).toSorted()).toEqual(
    ['w1', 'w2', 'w3', 'w4', 'w5'].map((w) => `label ${w}`),
  );
  world.roll();
  expect(world.rollout.state).toBe('done');
  // No turns, no soak, no drain.
  expect(world.since).toHaveLength(5);
  expect(asked(world, 'w1')).toMatchObject({
    node: 'w1',
    labels: { disk: 'fast' },
    taints: [batch],
    before: { labels: {}, taints: [] },
  });
});

test('what was given before goes with the plan that takes it away', () => {
  const world = RolloutWorld.finished();
  world.apply(poolWith(world, 'workers', { labels: { disk: 'fast' }, taints: [batch] }));
  world.roll();
  world.apply(poolWith(world, 'workers', { labels: {}, taints: [] }));
  world.roll();
  expect(asked(world, 'w2')).toMatchObject({
    labels: {},
    taints: [],
    before: { labels: { disk: 'fast' }, taints: [batch] },
  });
  expect(world.rollout.state).toBe('done');
});

test('masters get labels and taints of their pool too, and no static pod is touched', () => {
  const world = RolloutWorld.finished();
  world.apply(poolWith(world, 'control-plane', { taints: [batch] }));
  world.roll();
  expect(labelled(world).toSorted()).toEqual(['label m1', 'label m2', 'label m3']);
  expect(world.since).toHaveLength(3);
  expect(world.rollout.state).toBe('done');
});

test('labels of one host come to that host', () => {
  const world = RolloutWorld.finished();
  const w2 = { labels: { gpu: 'yes' } };
  world.apply({ hosts: { w2 } as ClusterSpec['hosts'] });
  world.roll();
  expect(labelled(world)).toEqual(['label w2']);
});

test('a host whose agent is away gets its labels, because a master gives them', () => {
  const world = RolloutWorld.finished();
  world.setOnline('w2', false);
  world.apply(poolWith(world, 'workers', { labels: { disk: 'fast' } }));
  world.roll();
  expect(labelled(world).toSorted()).toEqual(['label w1', 'label w2']);
  expect(world.rollout.state).toBe('done');
});

test('nothing is done outside of a maintenance window but what nobody notices: labels', () => {
  const rollout = { windows: ['0 0 1 1 * 1h'] };
  const world = RolloutWorld.finished({ masters: 1, workers: 1, rollout });
  world.apply(poolWith(world, 'workers', { labels: { disk: 'fast' } }));
  world.roll();
  expect(world.rollout.state).toBe('done');
});

test('a host that joins later has them from its registration, and needs no plan', () => {
  const world = RolloutWorld.finished();
  world.apply(poolWith(world, 'workers', { labels: { disk: 'fast' } }));
  world.roll();
  world.addWorker('w9', 39);
  world.roll();
  expect(world.since).toContain('w9: join as worker');
  expect(labelled(world)).not.toContain('label w9');
  expect(given(world, 'w9')).toBe(given(world, 'w1'));
});

test('a host whose join was under way gets them when it is in', () => {
  const world = RolloutWorld.finished();
  world.addWorker('w9', 39);
  world.settle();
  while (!world.since.includes('w9: join as worker')) world.round();
  const join = world.running().find(({ goal }) => goal === 'join as worker');
  if (join === undefined) throw new Error('it does not join');
  world.accept(join);
  world.apply(poolWith(world, 'workers', { labels: { disk: 'fast' } }));
  world.settle();
  for (const plan of world.running()) if (plan.planId !== join.planId) world.finish(plan);
  world.settle();
  expect(world.rollout.state).toBe('done');
  world.finish(join);
  world.roll();
  expect(labelled(world)).toContain('label w9');
  expect(given(world, 'w9')).toBe(given(world, 'w1'));
});

describe('nodes that joined under a version that kept no account', () => {
  const forgetful = (): RolloutWorld => {
    const world = RolloutWorld.finished();
    const nodes = world.view.nodes.map((node) => {
      const { labels: _, ...applied } = node.record.applied;
      const plans = node.plans.map(({ brings: { labels: __, ...brings }, ...plan }) => ({
        ...plan,
        brings,
      }));
      return { ...node, plans, record: { ...node.record, applied } };
    });
    world.view = { ...world.view, nodes };
    return world;
  };

  it('get no plan by themselves, nor by another change', () => {
    const world = forgetful();
    world.roll();
    world.apply({ kubelet: { maxPods: 50 } });
    world.roll();
    expect(labelled(world)).toEqual([]);
  });

  it('are told what the spec said before it was changed', () => {
    const world = forgetful();
    world.apply(poolWith(world, 'workers', { taints: [batch] }));
    world.roll();
    world.apply(poolWith(world, 'workers', { taints: [] }));
    world.roll();
    expect(asked(world, 'w1').before).toEqual({ labels: {}, taints: [batch] });
    expect(world.rollout.state).toBe('done');
  });
});

test('a label that cannot be given stops the rollout with that host’s words; the others have it', () => {
  const world = RolloutWorld.finished({ masters: 1, workers: 3 });
  world.apply(poolWith(world, 'workers', { labels: { disk: 'fast' } }));
  world.roll((line) => line.endsWith('label w2'));
  expect(world.host('w2')).toMatchObject({ state: 'failed', why: 'it broke' });
  expect(world.rollout.state).toBe('stopped');
  expect(given(world, 'w3')).toContain('fast');
});

test('a master whose agent is older says so, and the rollout waits for it', () => {
  const world = RolloutWorld.finished({ masters: 1, workers: 1 });
  world.apply(poolWith(world, 'workers', { labels: { disk: 'fast' } }));
  world.settle();
  const [plan] = world.running();
  if (plan === undefined) throw new Error('nothing runs');
  world.refuse(plan, 'unknown-step');
  const { waits } = world.settle();
  expect(waits).toContainEqual(
    expect.objectContaining({
      subject: 'm1',
      reason: expect.objectContaining({ code: 'older-agent', goal: 'label w1' }),
    }),
  );
  expect(world.rollout.state).toBe('running');
});

test('a plan with labels that were changed meanwhile is stopped before it acts late', () => {
  const world = RolloutWorld.finished({ masters: 1, workers: 1 });
  world.apply(poolWith(world, 'workers', { labels: { disk: 'fast' } }));
  world.settle();
  expect(world.running()).toMatchObject([{ goal: 'label w1', stopRequested: false }]);
  world.setRollout({ state: 'aborting' });
  world.settle();
  expect(world.running()).toMatchObject([{ stopRequested: true, stopReason: 'unwanted' }]);
});

test('the preview names the hosts and restarts none of them', () => {
  const world = RolloutWorld.finished();
  world.apply(poolWith(world, 'workers', { labels: { disk: 'fast' } }));
  const { wanted } = world.view.cluster;
  if (wanted === undefined || wanted === null) throw new Error('nothing is wanted');
  const { hosts, snapshot } = previewOf(world.view, wanted.from, world.now);
  expect(hosts.map(({ name }) => name)).toEqual(['w1', 'w2']);
  expect(hosts[0]).toMatchObject({ labels: true, components: [], drains: false });
  expect(snapshot).toBe(false);
});
