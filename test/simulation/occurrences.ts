// What has to occur at least once in a batch of seeds, or the batch has shown nothing.
import { allFaults } from './faults/storm.ts';
import { invariants } from './invariants/invariants.ts';
import { renewalKinds } from './processes/coordinator-process.ts';
import { CONVERGES, JOINS_LATER, NIGHT } from './run-seed.ts';

export const wanted: readonly string[] = [
  ...invariants.map(({ name }) => name),
  ...new Set(allFaults.map(({ name }) => `fault: ${name}`)),
  CONVERGES,
  JOINS_LATER,
  NIGHT,
  ...Object.values(renewalKinds),
];
