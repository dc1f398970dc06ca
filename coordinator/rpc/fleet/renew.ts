// Renew: the same key, a new certificate, a counter that grows. A counter one behind is a reply that
// was lost; one further behind is a copy of an old disk, and is refused.
import { AppError } from '../../../shared/errors.ts';
import type { RenewRequest__Output } from '../../../shared/rpc/generated/muster/v1/RenewRequest.ts';
import { keyOfRequest } from '../../keys/certificate-request.ts';
import { keys, type NodeRecord } from '../../store/records.ts';
import { update } from '../../store/store.ts';
import type { FleetDependencies } from './fleet-dependencies.ts';

export async function renew(
  deps: FleetDependencies,
  caller: NodeRecord,
  request: RenewRequest__Output,
): Promise<{ certificateChain: Buffer[]; counter: number }> {
  const { spki } = await keyOfRequest(request.csr);
  if (Buffer.from(spki).toString('base64') !== caller.publicKey) {
    throw await refuse(
      deps,
      caller,
      request,
      'the certificate request has another key than this node',
    );
  }
  let isOld = false;
  const node = await update<NodeRecord>(deps.store, keys.node(caller.id), (current) => {
    if (current === null) return null;
    const next = nextCounter(current.counter, request.counter);
    isOld = next === null;
    return next === null || next === current.counter ? null : { ...current, counter: next };
  });
  const counter = node?.counter ?? 0;
  if (isOld) {
    const reason = `its counter is ${request.counter}, the coordinator's is ${counter}: another copy of this identity was renewed`;
    throw await refuse(deps, caller, request, reason);
  }
  const chain = await deps.keys.issueNodeCertificate(spki, caller.id, deps.clock.now());
  await deps.audit.append('renewed', { nodeId: caller.id, counter });
  return { certificateChain: chain.map((der) => Buffer.from(der)), counter };
}

/** The counter after this renewal; null when the request is too old. Pure. */
export function nextCounter(stored: number, told: number): number | null {
  if (told < stored - 1) return null;
  // Equal: a renewal. One behind: the reply to the last one was lost. Ahead: the store is behind.
  return told === stored - 1 ? stored : told + 1;
}

async function refuse(
  deps: FleetDependencies,
  caller: NodeRecord,
  request: RenewRequest__Output,
  reason: string,
): Promise<AppError> {
  await deps.audit.append('renew-refused', { nodeId: caller.id, told: request.counter, reason });
  return new AppError('permission-denied', `node ${caller.name} is not renewed: ${reason}`);
}
