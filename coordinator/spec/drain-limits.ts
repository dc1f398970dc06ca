// How a rollout drains a host, from the words of cluster.yaml.
import { AppError } from '../../shared/errors.ts';
import type { DrainLimits } from '../planner/drain.ts';
import type { ClusterSpec } from './cluster-spec.ts';

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** `60s`, `5m` or `1h`, as the spec takes them. @throws AppError internal: the spec takes no other */
export function specDurationMs(text: string): number {
  const [, amount = '', unit = ''] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  const ofUnit = unitMs[unit];
  if (ofUnit === undefined) throw new AppError('internal', `${text} is no duration of a spec`);
  return Number(amount) * ofUnit;
}

/**
 * A host that cannot be drained because no other could take its pods is changed with its pods on it; one
 * whose pods are kept by somebody is not, unless the spec has them deleted in the end.
 */
export function drainLimitsOf({ rollout }: Pick<ClusterSpec, 'rollout'>): DrainLimits {
  const { timeout, gracePeriod, deleteEmptyDirData, force } = rollout.drain;
  return {
    timeoutMs: specDurationMs(timeout),
    podGraceSeconds: gracePeriod === null ? null : specDurationMs(gracePeriod) / 1_000,
    evictUnmanaged: force,
    deleteEmptyDirData,
    disableEviction: false,
    alone: 'leave',
  };
}
