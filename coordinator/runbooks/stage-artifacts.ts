// Runbook: fetch everything a host will need into the agent's own directory. Touches nothing else of
// the host, so it may run as soon as a host has joined (rule 24).
import type { Stage } from '../../shared/model/plan.ts';
import { artifactNamesFor, type Materials } from '../components/bill-of-materials.ts';
import type { Member } from '../planner/topology.ts';
import { stage, step } from './step-builder.ts';

export function stageArtifacts(member: Member, materials: Materials): readonly Stage[] {
  return [fetchAll(artifactNamesFor(member.pool.roles), materials)];
}

export function fetchAll(names: readonly string[], materials: Materials): Stage {
  const steps = names.map((name) =>
    step(`fetch-${name}`, 'fetch-artifact', { artifact: materials.reference(name) }),
  );
  return stage('fetch artifacts', ...steps);
}
