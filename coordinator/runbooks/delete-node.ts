// Runbook: a host that has left is taken out of the cluster, by a master.
import type { Stage } from '../../shared/model/plan.ts';
import { stage, step } from './step-builder.ts';

export interface LeftHost {
  readonly name: string;
  /** Empty: not known. */
  readonly machineId: string;
}

export const deleteNode = ({ name, machineId }: LeftHost): readonly Stage[] => [
  stage('node', step('delete-node', 'delete-node', { node: name, machineId })),
];
