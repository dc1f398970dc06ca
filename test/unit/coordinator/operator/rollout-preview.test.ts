import { expect, test } from 'vitest';
import { previewLines } from '../../../../coordinator/operator/rollout-preview.ts';
import { RolloutWorld } from '../../../support/rollout-world.ts';

function linesOf(world: RolloutWorld, change: Parameters<RolloutWorld['apply']>[0]): string[] {
  const { view } = world;
  world.apply(change);
  return previewLines(view, world.view.cluster, world.now);
}

const labelled = (world: RolloutWorld) =>
  world.view.cluster.spec.pools.map((pool) =>
    pool.name === 'workers' ? { ...pool, labels: { disk: 'fast' } } : pool,
  );

test('labels alone are said to come to all hosts at once, and nothing is fetched or restarted', () => {
  const world = RolloutWorld.finished();
  world.setOnline('w2', false);
  expect(linesOf(world, { pools: labelled(world) })).toEqual([
    'the rollout: labels and taints, of all at once, nothing is restarted (w1, w2)',
    'w1: labels and taints',
    'w2: labels and taints',
  ]);
});

test('labels beside a setting of kubelets are named beside it', () => {
  const world = RolloutWorld.finished();
  const lines = linesOf(world, { pools: labelled(world), kubelet: { maxPods: 50 } });
  expect(lines[0]).toMatch(/^the rollout: artifacts .*; labels and taints.*\(w1, w2\);.*hosts: m1/);
  expect(lines.find((line) => line.startsWith('w1: '))).toMatch(/kubernetes.*, labels and taints/);
});
