// Messages that are lost, late, doubled, out of order, or heard again long after.

import type { EnvelopeRecord } from '../../../coordinator/store/records.ts';
import { keys } from '../../../coordinator/store/records.ts';
import { envelopeFromStored, envelopeToWire } from '../../../shared/rpc/codec.ts';
import type { PullReply__Output } from '../../../shared/rpc/generated/muster/v1/PullReply.ts';
import { services } from '../../../shared/rpc/load.ts';
import { fairWeather, type Weather } from '../processes/network.ts';
import type { Fault } from './fault.ts';

const weather = (name: string, make: (size: number) => Partial<Weather>): Fault => ({
  name,
  lastsMs: [10_000, 60_000],
  begin: ({ network }, chance) => {
    network.weather = { ...fairWeather, ...make(chance.fraction()) };
    return () => {
      network.weather = fairWeather;
    };
  },
});

const cut = (name: string, kind: 'coordinator' | 'all'): Fault => ({
  name,
  lastsMs: [3_000, 90_000],
  begin: (fleet, chance) => {
    const host = chance.pick(fleet.hosts);
    host.cut = kind;
    return () => {
      host.cut = 'none';
    };
  },
});

const replay: Fault = {
  name: 'plans heard again',
  lastsMs: [20_000, 90_000],
  begin: (fleet, chance) => {
    const { network, coordinator, world } = fleet;
    const row = services.fleet.PullPlan;
    network.meddle = ({ method, way, bytes, caller }) => {
      if (method !== 'PullPlan' || way !== 'reply' || !chance.happens(0.3)) return bytes;
      const nodeId = fleet.nodeIdOf(caller.host.name);
      const own = coordinator
        .records<{ planId: string; nodeId: string; goal: string }>(keys.plans)
        .filter((plan) => plan.nodeId === nodeId);
      if (own.length === 0) return bytes;
      const old = chance.pick(own);
      const record = coordinator.record<EnvelopeRecord>(keys.envelope(old.planId));
      if (record === null) return bytes;
      world.tell({ kind: 'replayed', host: caller.host, what: `${old.planId} ${old.goal}` });
      const reply = row.responseDeserialize(bytes) as PullReply__Output;
      const again = envelopeToWire(envelopeFromStored(record.envelope));
      return row.responseSerialize({ ...reply, plans: [...reply.plans, again] });
    };
    return () => {
      network.meddle = ({ bytes }) => bytes;
    };
  },
};

const oldReplies: Fault = {
  name: 'old answers heard instead of new ones',
  lastsMs: [10_000, 40_000],
  begin: ({ network, world }, chance) => {
    const kept = new Map<string, Buffer>();
    network.meddle = ({ method, way, bytes, caller }) => {
      if (method !== 'PullPlan' || way !== 'reply') return bytes;
      const old = kept.get(caller.host.name);
      if (old === undefined || chance.happens(0.1)) kept.set(caller.host.name, bytes);
      if (old === undefined || !chance.happens(0.4)) return bytes;
      world.tell({ kind: 'replayed', host: caller.host, what: 'an answer' });
      return old;
    };
    return () => {
      network.meddle = ({ bytes }) => bytes;
    };
  },
};

export const networkFaults: readonly Fault[] = [
  weather('messages lost', (size) => ({ lost: 0.02 + size * 0.2 })),
  weather('messages doubled', (size) => ({ doubled: 0.1 + size * 0.5 })),
  weather('messages late and out of order', (size) => ({
    late: 0.1 + size * 0.3,
    lateMs: [50, 12_000],
  })),
  weather('messages lost, doubled and late', (size) => ({
    lost: size * 0.1,
    doubled: size * 0.3,
    late: size * 0.3,
    lateMs: [10, 30_000],
  })),
  cut('a host cut off from the coordinator', 'coordinator'),
  cut('a host cut off from everybody', 'all'),
  replay,
  oldReplies,
];
