// Faults that wait for the worst moment: right after a gate was measured, in the middle of a command
// that cannot be repeated, right after a plan was accepted.
import type { Chance } from '../core/chance.ts';
import type { Fleet } from '../fleet.ts';
import type { WorldEvent } from '../world/events.ts';
import type { SimHost } from '../world/host.ts';
import type { Fault } from './fault.ts';

interface Aim {
  readonly name: string;
  /** The host that is hit when this happens; null: not yet. */
  readonly at: (event: WorldEvent) => SimHost | null;
  /** After which time at most. */
  readonly withinMs: number;
}

const aims: readonly Aim[] = [
  {
    name: 'right after its gate',
    at: (event) => (event.kind === 'gate' ? event.host : null),
    withinMs: 20,
  },
  {
    name: 'in a command that cannot be repeated',
    at: (event) => (event.kind === 'exec-began' && event.exec.isOnce ? event.host : null),
    withinMs: 3_000,
  },
  {
    name: 'in a change of the control plane',
    at: (event) => (event.kind === 'exec-began' && event.exec.isDisruptive ? event.host : null),
    withinMs: 15_000,
  },
];

type Blow = (fleet: Fleet, host: SimHost, chance: Chance) => () => void;

const blows: Readonly<Record<string, Blow>> = {
  killed: (fleet, host) => {
    fleet.killAgent(host);
    return () => undefined;
  },
  frozen: (_fleet, { agent }, chance) => {
    agent?.freeze(chance.between(5_000, 200_000));
    return () => {
      if (agent !== null) agent.frozenUntilMs = 0;
    };
  },
  'without power': (fleet, host) => {
    if (host.isOn) fleet.cutPower(host);
    return () => {
      if (!host.isOn) fleet.powerOn(host);
    };
  },
  'cut off': (_fleet, host, chance) => {
    host.cut = chance.pick(['all', 'coordinator'] as const);
    return () => {
      host.cut = 'none';
    };
  },
};

const aimed = (how: string, blow: Blow, aim: Aim): Fault => ({
  name: `${how} ${aim.name}`,
  lastsMs: [20_000, 120_000],
  begin: (fleet, chance) => {
    const { world } = fleet;
    const ends: (() => void)[] = [];
    let left = 1 + chance.below(4);
    let isOver = false;
    const watch = (event: WorldEvent): void => {
      const host = aim.at(event);
      if (host === null) return;
      left -= 1;
      if (left !== 0) return;
      // Not in the middle of what happens: a moment later.
      world.scheduler.schedule(chance.between(0, aim.withinMs), null, () => {
        if (isOver) return;
        world.tell({ kind: 'fault', what: `${host.name} is ${how}` });
        ends.push(blow(fleet, host, chance));
      });
    };
    world.watchers.push(watch);
    return () => {
      isOver = true;
      world.watchers.splice(world.watchers.indexOf(watch), 1);
      for (const end of ends) end();
    };
  },
});

export const aimedFaults: readonly Fault[] = Object.entries(blows).flatMap(([how, blow]) =>
  aims.map((aim) => aimed(how, blow, aim)),
);
