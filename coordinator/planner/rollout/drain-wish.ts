// How a rollout drains: as the spec says, in its own name, so that only its own cordons are taken back.
import { drainLimitsOf } from '../../spec/drain-limits.ts';
import type { RolloutRecord } from '../../store/rollout-record.ts';
import type { CordonWish, DrainWish } from '../drain.ts';
import type { Situation } from '../situation.ts';
import type { Standing } from './waves.ts';

export const drainWish = (
  { cluster }: Situation,
  rollout: RolloutRecord,
  standing: Standing,
): DrainWish => {
  const { forcedMs } = standing.host;
  const wish = cordonWish(rollout, standing);
  const limits = drainLimitsOf(cluster.spec);
  if (forcedMs === undefined) return { ...wish, limits };
  return { ...wish, sinceMs: forcedMs, limits: { ...limits, disableEviction: true } };
};

/** The same for as long as the host's cordon is the rollout's, whatever state it is in. */
export const cordonWish = (rollout: RolloutRecord, { member, host }: Standing): CordonWish => ({
  member,
  owner: rollout.id,
  sinceMs: host.cordonedMs ?? host.sinceMs,
});
