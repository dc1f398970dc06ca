// A night without power: every host is off for half a day and one for more than a day, and in the morning
// messages are lost. Certificates are renewed then, and who has none any more comes back by its own key.
import type { NodeRecord } from '../../../coordinator/store/records.ts';
import { keys } from '../../../coordinator/store/records.ts';
import { worldStartMs } from '../core/life.ts';
import type { Fleet } from '../fleet.ts';
import { fairWeather } from '../processes/network.ts';

const hourMs = 3_600_000;
/** Longer than half a certificate's life, and longer than the whole of it. */
const sleepsMs = [11.6 * hourMs, 15 * hourMs] as const;
const sleepsLongMs = [24.5 * hourMs, 40 * hourMs] as const;
const badWeatherMs = 5 * 60_000;
/** The others have done what they do by then. */
const betweenMs = 7 * 60_000;

/** @returns when the last of them is on again and the weather is fair */
export function beginNight(fleet: Fleet): number {
  const { world, network } = fleet;
  const { scheduler } = world;
  const chance = world.chance.of('night');
  world.tell({ kind: 'story', what: 'the power goes' });
  const last = chance.pick(fleet.hosts);
  const morning = chance.between(...sleepsMs);
  const secondMorning = chance.between(...sleepsLongMs);
  for (const host of fleet.hosts) {
    fleet.cutPower(host);
    const offMs = (host === last ? secondMorning : morning) + chance.between(0, 30_000);
    scheduler.schedule(offMs, null, () => fleet.powerOn(host));
  }
  const lost = chance.between(0.1, 0.4);
  for (const atMs of [morning, secondMorning]) {
    scheduler.schedule(atMs, null, () => {
      network.weather = { ...fairWeather, lost };
    });
    scheduler.schedule(atMs + badWeatherMs, null, () => {
      network.weather = fairWeather;
    });
  }
  // A day of idle polls between the two would cost more than all the rest: they are off as well.
  scheduler.schedule(morning + betweenMs, null, () => {
    for (const host of fleet.hosts) {
      if (!host.isOn) continue;
      fleet.cutPower(host);
      const againMs = secondMorning - morning - betweenMs + chance.between(0, 30_000);
      scheduler.schedule(againMs, null, () => fleet.powerOn(host));
    }
  });
  return scheduler.nowMs + secondMorning + badWeatherMs;
}

/** Who has a certificate that will not last, and should have another by now; null: nobody. */
export function whyNotRenewed(fleet: Fleet): string | null {
  const nowMs = worldStartMs + fleet.world.scheduler.nowMs;
  for (const { name } of fleet.hosts) {
    const node = fleet.coordinator.record<NodeRecord>(keys.node(fleet.nodeIdOf(name)));
    const leftMs = (node?.certificate?.notAfterMs ?? 0) - nowMs;
    if (leftMs < 11 * hourMs)
      return `${name} has a certificate for ${Math.round(leftMs / hourMs)} h`;
  }
  return null;
}
