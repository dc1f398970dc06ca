// ReportFacts: what a member says about its host. Its machine-id is the one it joined with, or this is
// another machine that has its key.
import { digestOf } from '../../../shared/canonical.ts';
import { type NodeFacts, planningFacts } from '../../../shared/model/facts.ts';
import { lockIdentity, otherAddress } from '../../identity/lock-identity.ts';
import { isMeaningful } from '../../identity/origin.ts';
import { type FactsRecord, keys, type NodeRecord } from '../../store/records.ts';
import { update } from '../../store/store.ts';
import type { FleetDependencies } from './fleet-dependencies.ts';
import { hasChanged, parseFacts } from './parse-facts.ts';

export interface FactsTold {
  /** JSON of NodeFacts. */
  readonly facts: Uint8Array;
  /** Address of the caller. */
  readonly source: string;
}

export async function reportFacts(
  deps: FleetDependencies,
  caller: NodeRecord,
  told: FactsTold,
): Promise<{ digest: string }> {
  const facts = parseFacts(told.facts);
  await checkMachine(deps, caller, { facts, source: told.source });
  const digest = digestOf(planningFacts(facts));
  const reportedMs = deps.clock.now();
  deps.polls.factsReported(caller.id);
  await update<FactsRecord>(deps.store, keys.facts(caller.id), (current) =>
    current !== null && current.digest === digest && !hasChanged(current.facts, facts)
      ? null
      : { nodeId: caller.id, digest, reportedMs, facts },
  );
  return { digest };
}

/** @throws AppError permission-denied when it is another machine */
async function checkMachine(
  deps: FleetDependencies,
  { id, origin, certificate, joinedFrom }: NodeRecord,
  { facts, source }: { readonly facts: NodeFacts; readonly source: string },
): Promise<void> {
  const { machineId } = facts;
  const before = origin?.machineId ?? 'unknown';
  if (origin === undefined || !isMeaningful(machineId) || machineId === before) return;
  if (isMeaningful(before)) {
    const what = `reports the machine-id ${machineId} and joined with ${before}`;
    const known = [...deps.instances.addresses(id), certificate?.from, joinedFrom];
    const addresses = [source, otherAddress(source, known)] as const;
    throw await lockIdentity(deps, id, { reason: 'machine', what, addresses });
  }
  await update<NodeRecord>(deps.store, keys.node(id), (current) =>
    current?.origin === undefined ? null : { ...current, origin: { ...current.origin, machineId } },
  );
}
