// All faults of all hosts at once, from facts, before the first change. Pure. A host that has begun
// is not judged again: its ports and files are our own then.
import type { Member, Topology } from '../topology.ts';
import type { ClusterView } from '../view.ts';
import type { PreflightFault } from './check.ts';
import { fleetFaults } from './fleet-checks.ts';
import { machineChecks } from './machine-checks.ts';
import { stateChecks } from './state-checks.ts';

const hostChecks = [...machineChecks, ...stateChecks];

export const checkNames: readonly string[] = [
  ...hostChecks.map((check) => check.name),
  'etcd-count',
  'ranges',
  'unique-hostname',
  'unique-machine-id',
  'unique-product-uuid',
  'unique-address',
  'artifacts',
];

export interface PreflightInputs {
  readonly view: ClusterView;
  readonly topology: Topology;
  readonly hasBegun: (member: Member) => boolean;
}

/** Ignored checks come back as warnings: they are shown, and stop nothing. */
export function preflight(inputs: PreflightInputs): readonly PreflightFault[] {
  const { spec, ignoredChecks } = inputs.view.cluster;
  const fresh = inputs.topology.members.filter((member) => !inputs.hasBegun(member));
  const ofHosts = fresh.flatMap((member) =>
    hostChecks.flatMap((check) =>
      check
        .run(member, spec)
        .map((finding) => ({ check: check.name, node: member.name, ...finding })),
    ),
  );
  const ofFleet = fleetFaults({ view: inputs.view, topology: inputs.topology, fresh });
  return [...ofHosts, ...ofFleet].map((fault) =>
    ignoredChecks.includes(fault.check) || ignoredChecks.includes('all')
      ? { ...fault, severity: 'warning' as const }
      : fault,
  );
}
