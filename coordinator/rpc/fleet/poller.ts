// Who polls: the one agent of the node, a second one with the same identity, or a host that was removed.
import { AppError } from '../../../shared/errors.ts';
import { envelopeToWire } from '../../../shared/rpc/codec.ts';
import type { PullReply } from '../../../shared/rpc/generated/muster/v1/PullReply.ts';
import { lockIdentity } from '../../identity/lock-identity.ts';
import { stateSentence } from '../../identity/state-sentences.ts';
import type { InstanceTold } from '../../presence/instances.ts';
import type { PollTold } from '../../presence/polls.ts';
import { signAnswer } from '../../signing/issuer.ts';
import type { NodeRecord } from '../../store/records.ts';
import type { FleetDependencies } from './fleet-dependencies.ts';

/** Of a host that was removed nothing is asked but to stop. */
export function farewell(
  deps: FleetDependencies,
  caller: NodeRecord,
  { told, nonce }: { readonly told: PollTold; readonly nonce: Uint8Array },
): PullReply {
  const stop = told.lanes.flatMap((lane) => lane.planIds);
  if (stop.length === 0) throw new AppError('permission-denied', stateSentence(caller));
  const { fleet, keys: own, clock } = deps;
  const now = clock.now();
  const content = { fleet, nodeId: caller.id, nonce, now, stop, goOn: [] };
  return { plans: [], answer: envelopeToWire(signAnswer(content, own.controlKey)) };
}

/** @throws AppError conflict when another start of the agent polls, permission-denied when both do */
export async function checkInstance(
  deps: FleetDependencies,
  { id, name }: NodeRecord,
  told: InstanceTold,
): Promise<void> {
  const verdict = deps.instances.see(id, told);
  if (verdict.kind === 'current') return;
  if (verdict.kind === 'returned') {
    const text = `another start of the agent of ${name} polls since this one did: if two run, one of them is a copy`;
    throw new AppError('conflict', text, { retryable: true });
  }
  const { addresses } = verdict;
  const what = 'polls from two agents in turn';
  throw await lockIdentity(deps, id, { reason: 'instance', what, addresses });
}
