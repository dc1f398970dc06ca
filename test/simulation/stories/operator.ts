// The operator, once the storm is over: looks now and then, and retries what is held. What is held says
// so, and that is what `explain` tells an operator to do.
import { isHeld } from '../../../coordinator/planner/wait.ts';
import type { Fleet } from '../fleet.ts';

const everyMs = 60_000;

export function callOperator(fleet: Fleet): void {
  const { world, coordinator } = fleet;
  const look = (): void => {
    const decision = coordinator.core?.coordinator.latestDecision('lab') ?? null;
    const held = decision?.waits.filter(isHeld) ?? [];
    for (const name of new Set(held.map(({ subject }) => subject))) {
      if (!world.hosts.has(name)) continue;
      world.tell({ kind: 'story', what: `the operator retries ${name}` });
      void coordinator.operate('Retry', { node: name });
    }
    world.scheduler.schedule(everyMs, null, look);
  };
  world.scheduler.schedule(everyMs, null, look);
}
