// An upgrade of a large fleet without hosts: the real decisions over a view whose plans end as soon as
// they are issued.
import { RolloutWorld, upgraded } from '../support/rollout-world.ts';

export interface SimulatedUpgrade {
  readonly hosts: number;
  readonly turns: number;
  readonly plans: number;
  readonly meanMs: number;
  readonly slowestMs: number;
  readonly perSecond: number;
  readonly heapMiB: number;
}

export function simulateUpgrade(hosts: number): SimulatedUpgrade {
  const world = RolloutWorld.finished({
    masters: 3,
    workers: hosts - 3,
    rollout: { soak: '0s', maxUnavailable: '10%' },
  });
  const before = world.issued.length;
  world.apply(upgraded);
  world.watch();
  world.roll();
  if (world.rollout.state !== 'done') throw new Error(`the rollout is ${world.rollout.state}`);
  const { turns, totalMs, slowestMs } = world.watched;
  return {
    hosts,
    turns,
    plans: world.issued.length - before,
    meanMs: totalMs / turns,
    slowestMs,
    perSecond: (turns * 1_000) / totalMs,
    heapMiB: Math.round(process.memoryUsage().heapUsed / 1024 / 1024),
  };
}
