// Runbook: fetch everything a host will need into the agent's own directory. Touches nothing else of
// the host, so it may run as soon as a host has joined.
import type { Stage } from '../../shared/model/plan.ts';
import type { Materials } from '../components/materials.ts';
import { stage, step } from './step-builder.ts';

export const stageArtifacts = (
  names: readonly string[],
  materials: Materials,
): readonly Stage[] => [
  stage(
    'fetch artifacts',
    ...names.map((name) =>
      step(`fetch-${name}`, 'fetch-artifact', { artifact: materials.reference(name) }),
    ),
  ),
];
