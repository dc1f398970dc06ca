// What else fails at the coordinator and on the way to it: its disk is full, its clock jumps, polls of an
// agent that is dead come after those of its next start.
import { type Fault, nothingToEnd } from './fault.ts';

const fullDisk: Fault = {
  name: 'a full disk of the coordinator',
  lastsMs: [3_000, 40_000],
  begin: ({ coordinator }) => {
    coordinator.isFull = true;
    return () => {
      coordinator.isFull = false;
    };
  },
};

const minuteMs = 60_000;

const clockJump = (name: string, jumpMs: readonly [number, number]): Fault => ({
  name,
  lastsMs: [5_000, 90_000],
  begin: ({ coordinator }, chance) => {
    coordinator.skewMs = chance.between(...jumpMs);
    return () => {
      coordinator.skewMs = 0;
    };
  },
});

/** Its polls are under way when it dies, and come one by one while the next one polls. */
const lateOnes: Fault = {
  name: 'polls of a dead agent that come late',
  lastsMs: [30_000, 60_000],
  begin: (fleet, chance) => {
    const { network, world } = fleet;
    const host = chance.pick(fleet.hosts);
    const { agent } = host;
    if (agent?.isAlive !== true) return nothingToEnd;
    network.held = (life, method) =>
      life === agent && method === 'PullPlan' ? chance.between(6_000, 24_000) : 0;
    const dies = world.scheduler.schedule(chance.between(500, 12_000), null, () => {
      if (host.agent === agent) fleet.killAgent(host);
    });
    return () => {
      dies.cancel();
      network.held = () => 0;
    };
  },
};

export const coordinatorFaults: readonly Fault[] = [
  fullDisk,
  clockJump('a clock of the coordinator that is ahead', [2 * minuteMs, 180 * minuteMs]),
  clockJump('a clock of the coordinator that is behind', [-180 * minuteMs, -2 * minuteMs]),
  lateOnes,
];
