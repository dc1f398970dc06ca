// Processes that are killed at any record or commit, or stand still, and machines that lose their power,
// their disk's space or their time.
import { recordIn } from '../taps.ts';
import { type Fault, nothingToEnd } from './fault.ts';

const killAgent: Fault = {
  name: 'an agent killed',
  lastsMs: [1, 1],
  begin: (fleet, chance) => {
    fleet.killAgent(chance.pick(fleet.hosts));
    return nothingToEnd;
  },
};

const killAtRecord: Fault = {
  name: 'an agent killed at a record',
  lastsMs: [10_000, 60_000],
  begin: (fleet, chance) => {
    const host = chance.pick(fleet.hosts);
    const isBefore = chance.happens(0.5);
    let left = 1 + chance.below(20);
    const { onWriting, onWritten } = host.disk;
    const stop = (): void => {
      Object.assign(host.disk, { onWriting, onWritten });
    };
    const count = (written: Parameters<typeof recordIn>[0]): void => {
      if (recordIn(written) === null) return;
      left -= 1;
      if (left > 0) return;
      stop();
      fleet.killAgent(host);
    };
    if (isBefore) host.disk.onWriting = count;
    else {
      host.disk.onWritten = (written) => {
        onWritten(written);
        count(written);
      };
    }
    return stop;
  },
};

const killCoordinator: Fault = {
  name: 'the coordinator killed',
  lastsMs: [1, 1],
  begin: (fleet, chance) => {
    fleet.killCoordinator(chance.between(500, 30_000));
    return nothingToEnd;
  },
};

const killAtCommit: Fault = {
  name: 'the coordinator killed at a commit',
  lastsMs: [5_000, 40_000],
  begin: (fleet, chance) => {
    const { coordinator } = fleet;
    const wanted = chance.pick(['before', 'after'] as const);
    let left = 1 + chance.below(30);
    coordinator.hook = (moment) => {
      if (moment !== wanted) return;
      left -= 1;
      if (left > 0) return;
      coordinator.hook = () => undefined;
      fleet.killCoordinator(chance.between(500, 8_000));
    };
    return () => {
      coordinator.hook = () => undefined;
    };
  },
};

const freezeAgent: Fault = {
  name: 'an agent frozen',
  lastsMs: [5_000, 400_000],
  begin: (fleet, chance) => {
    const { agent } = chance.pick(fleet.hosts);
    agent?.freeze(
      chance.happens(0.5) ? chance.between(2_000, 60_000) : chance.between(60_000, 400_000),
    );
    return () => {
      if (agent !== null) agent.frozenUntilMs = 0;
    };
  },
};

const freezeCoordinator: Fault = {
  name: 'the coordinator frozen',
  lastsMs: [2_000, 60_000],
  begin: ({ coordinator }, chance) => {
    const { life } = coordinator;
    life?.freeze(chance.between(2_000, 60_000));
    return () => {
      if (life !== null) life.frozenUntilMs = 0;
    };
  },
};

const powerCut: Fault = {
  name: 'a host without power',
  lastsMs: [10_000, 120_000],
  begin: (fleet, chance) => {
    const host = chance.pick(fleet.hosts);
    if (!host.isOn) return nothingToEnd;
    fleet.cutPower(host);
    return () => {
      if (!host.isOn) fleet.powerOn(host);
    };
  },
};

const fullDisk: Fault = {
  name: 'a full disk',
  lastsMs: [5_000, 60_000],
  begin: (fleet, chance) => {
    const { disk } = chance.pick(fleet.hosts);
    disk.isFull = true;
    return () => {
      disk.isFull = false;
    };
  },
};

const clockJump: Fault = {
  name: 'a clock that jumps',
  lastsMs: [5_000, 90_000],
  begin: (fleet, chance) => {
    const host = chance.pick(fleet.hosts);
    host.skewMs = chance.between(-3_600_000, 3_600_000);
    return () => {
      host.skewMs = 0;
    };
  },
};

export const processFaults: readonly Fault[] = [
  killAgent,
  killAtRecord,
  killAtRecord,
  killCoordinator,
  killAtCommit,
  killAtCommit,
  freezeAgent,
  freezeCoordinator,
  powerCut,
  fullDisk,
  clockJump,
];
