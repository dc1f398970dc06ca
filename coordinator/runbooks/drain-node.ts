// Runbooks: a host of the cluster is kept free of new pods, emptied of its pods as far as that goes now,
// or given back; each by a master that acts for it.
import type { Stage } from '../../shared/model/plan.ts';
import type { CordonArgs } from '../../shared/model/step.ts';
import { disruptive, stage, step } from './step-builder.ts';

/** How pods are told to end. */
export interface DrainManner {
  /** Null: each pod's own. */
  readonly podGraceSeconds: number | null;
  /** Pods that no controller makes again. */
  readonly evictUnmanaged: boolean;
  readonly deleteEmptyDirData: boolean;
  /** Pods are deleted, and no PodDisruptionBudget is asked. */
  readonly disableEviction: boolean;
}

/** A drain never takes a lane for longer: what is left by then is told, and asked for again. */
export const DRAIN_WAIT_SECONDS = 20;

export const cordonNode = (cordon: CordonArgs): readonly Stage[] => [
  stage('cordon', disruptive(step('cordon', 'cordon-node', cordon))),
];

export const drainNode = (
  cordon: CordonArgs,
  manner: DrainManner & { readonly waitSeconds: number },
): readonly Stage[] => [
  stage('drain', disruptive(step('drain', 'drain-node', { ...cordon, ...manner }))),
];

export const uncordonNode = (cordon: CordonArgs): readonly Stage[] => [
  stage('uncordon', disruptive(step('uncordon', 'uncordon-node', cordon))),
];
