// How a rollout drains a host, from the words of cluster.yaml.
import type { DrainLimits } from '../planner/drain.ts';
import type { ClusterSpec } from './cluster-spec.ts';
import { durationMs } from './spec-duration.ts';

/**
 * A host that cannot be drained because no other could take its pods is changed with its pods on it; one
 * whose pods are kept by somebody is not, unless the spec has them deleted in the end.
 */
export function drainLimitsOf({ rollout }: Pick<ClusterSpec, 'rollout'>): DrainLimits {
  const { timeout, gracePeriod, deleteEmptyDirData, force } = rollout.drain;
  return {
    timeoutMs: durationMs(timeout),
    podGraceSeconds: gracePeriod === null ? null : durationMs(gracePeriod) / 1_000,
    evictUnmanaged: force,
    deleteEmptyDirData,
    disableEviction: false,
    alone: 'leave',
  };
}
