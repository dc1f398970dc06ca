// Renew: the same key, a new certificate, a counter that grows. The answer to a request is recorded and
// given again until the host calls under it; a counter that fits no single host locks the identity.
import { AppError } from '../../../shared/errors.ts';
import type { RenewRequest__Output } from '../../../shared/rpc/generated/muster/v1/RenewRequest.ts';
import { lockIdentity, otherAddress } from '../../identity/lock-identity.ts';
import { nextCertificate, wireChain } from '../../identity/next-certificate.ts';
import { keyOfRequest } from '../../keys/certificate-request.ts';
import type { NodeRecord } from '../../store/records.ts';
import type { FleetDependencies } from './fleet-dependencies.ts';

/** The certificate that the call came with. */
export interface PresentedCertificate {
  readonly notBeforeMs: number;
  /** Address of the caller. */
  readonly source: string;
}

export async function renew(
  deps: FleetDependencies,
  caller: NodeRecord,
  request: RenewRequest__Output,
  presented: PresentedCertificate,
): Promise<{ certificateChain: Buffer[]; counter: number }> {
  const { csr, counter: told } = request;
  if (!Number.isSafeInteger(told) || told < 0) {
    throw new AppError('invalid', `a renewal has a counter of 0 or more, not ${told}`);
  }
  const { spki } = await keyOfRequest(csr);
  if (Buffer.from(spki).toString('base64') !== caller.publicKey) {
    const reason = 'the certificate request has another key than this node';
    await deps.audit.append('renew-refused', { nodeId: caller.id, told, reason });
    throw new AppError('permission-denied', `node ${caller.name} is not renewed: ${reason}`);
  }
  const { source, notBeforeMs: presentedFromMs } = presented;
  const next = await nextCertificate(deps, {
    nodeId: caller.id,
    csr,
    spki,
    told,
    presentedFromMs,
    source,
    admit: (node) => node,
  });
  if (next.kind === 'copy') {
    const { node, what } = next;
    await deps.audit.append('renew-refused', { nodeId: node.id, told, reason: what });
    const known = [
      node.renewal?.from,
      node.certificate?.from,
      ...deps.instances.addresses(node.id),
    ];
    const addresses = [source, otherAddress(source, [...known, node.joinedFrom])] as const;
    throw await lockIdentity(deps, node.id, { reason: 'counter', what, addresses });
  }
  const { renewal, isRepeat } = next;
  const { counter } = renewal;
  await deps.audit.append('renewed', { nodeId: caller.id, counter, isRepeat, source });
  return { certificateChain: wireChain(renewal), counter };
}
