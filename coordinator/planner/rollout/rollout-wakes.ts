// When time alone moves a rollout on: a soak that is over, a window that opens, a drain whose time is
// over, a host that is come back to.

import { isOpenAt, opensAt } from '../../spec/maintenance-window.ts';
import { drainOf } from '../drain.ts';
import type { Situation } from '../situation.ts';
import { drainWish } from './drain-wish.ts';
import { LEFT_PAUSE_MS } from './rollouts.ts';
import { groupsOf, openRollout, standingsOf } from './standings.ts';
import { turnOf } from './waves.ts';

/** Milliseconds since 1970; null: never. */
export function rolloutWakesAtMs(situation: Situation): number | null {
  const rollout = openRollout(situation);
  if (rollout === null) return null;
  const { cluster, now } = situation;
  const { rollout: limits } = cluster.spec;
  const soaks = groupsOf(situation, rollout).flatMap((group) => {
    const turn = turnOf(group, limits, now);
    return turn.kind === 'soak' ? [turn.untilMs] : [];
  });
  const opens = isOpenAt(limits.windows, now) ? null : opensAt(limits.windows, now);
  const ofHosts = standingsOf(situation, rollout).flatMap((standing) => {
    const { state, sinceMs } = standing.host;
    if (state === 'left') return [sinceMs + LEFT_PAUSE_MS];
    if (state !== 'draining') return [];
    return [drainOf(situation, drainWish(situation, rollout, standing)).overdueAtMs];
  });
  const times = [...soaks, ...ofHosts, ...(opens === null ? [] : [opens])].filter((ms) => ms > now);
  return times.length === 0 ? null : Math.min(...times);
}
