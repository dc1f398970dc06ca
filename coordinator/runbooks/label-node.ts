// Runbook: a Node of the cluster gets the labels and taints that the spec gives it; by a master that acts
// for it.
import type { Stage } from '../../shared/model/plan.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { disruptive, stage, step } from './step-builder.ts';

export const labelNode = (args: StepArgs['label-node']): readonly Stage[] => [
  stage('labels and taints', disruptive(step('label', 'label-node', args))),
];
