// Three masters and two workers, from bare hosts that are switched on within some seconds to a cluster
// of which nothing waits any more.
import { isFinal } from '../../../shared/model/plan.ts';
import type { Fleet } from '../fleet.ts';

export async function beginInstall(fleet: Fleet): Promise<void> {
  await fleet.open();
  const { chance, scheduler } = fleet.world;
  for (const [name, role] of [
    ['m1', 'master'],
    ['m2', 'master'],
    ['m3', 'master'],
    ['w1', 'worker'],
    ['w2', 'worker'],
  ] as const) {
    const host = fleet.add(name, role);
    scheduler.schedule(chance.between(0, 8_000), null, () => {
      if (!host.isOn) fleet.powerOn(host);
    });
  }
}

/** A machine that is switched on some day and has a worker's token. */
export function joinLater(fleet: Fleet, atMs: number): void {
  const host = fleet.add('w3', 'worker');
  fleet.world.scheduler.schedule(atMs, null, () => {
    if (!host.isOn) fleet.powerOn(host);
  });
}

/** Asked after every event: looks only when the store has changed since it looked in vain. */
export function convergence(fleet: Fleet): () => boolean {
  let seen = -1;
  let lookAtMs = 0;
  return () => {
    const { revision } = fleet.coordinator.disk;
    const { nowMs } = fleet.world.scheduler;
    if (fleet.cluster().reached['smoke-test'] === undefined) return false;
    if (revision === seen && nowMs < lookAtMs) return false;
    seen = revision;
    lookAtMs = nowMs + 1_000;
    return whyNotConverged(fleet) === null;
  };
}

/** Why the world is not yet as it should be; null when it is. */
export function whyNotConverged(fleet: Fleet): string | null {
  const { world, coordinator } = fleet;
  const cluster = fleet.cluster();
  if (cluster.masters.length < 3) return `${cluster.masters.length} masters`;
  if (cluster.change !== null) return 'a change is under way';
  if (cluster.reached['smoke-test'] === undefined) return 'no smoke test yet';
  const away = fleet.hosts.find((host) => !host.isOn || !world.kube.isNodeReady(host.name));
  if (away !== undefined) return `${away.name} is not a Ready node`;
  const running = fleet.plans().find(({ state }) => !isFinal(state));
  if (running !== undefined) return `${running.nodeName}: ${running.goal} is ${running.state}`;
  const decision = coordinator.core?.coordinator.latestDecision('lab') ?? null;
  if (decision === null) return 'the coordinator has not decided yet';
  const [wait] = decision.waits;
  return wait === undefined ? null : `${wait.subject} waits: ${wait.reason.code}`;
}
