// Renews the certificate at half life, with the same key and a counter. The request is kept on disk
// until its answer is: after a lost reply the same counter goes out with the same bytes.
import type { CoordinatorLink } from '../link/coordinator-link.ts';
import { type Validity, validityOf, verifiedChainPem } from './certificate-chain.ts';
import { createCertificateRequest } from './certificate-request.ts';
import { type Identity, writeRenewal } from './identity.ts';
import { type IdentityFolder, readFrom, removeFrom, writeTo } from './identity-folder.ts';

/** Half of the certificate's life has passed. Pure. */
function isRenewalDue(validity: Validity, nowMs: number): boolean {
  return nowMs >= validity.notBeforeMs + (validity.notAfterMs - validity.notBeforeMs) / 2;
}

export const isIdentityRenewalDue = (identity: Identity, nowMs: number): boolean =>
  isRenewalDue(validityOf(identity.chainPem), nowMs);

export interface RenewalOptions {
  readonly folder: IdentityFolder;
  readonly link: Pick<CoordinatorLink, 'renew'>;
  readonly signal: AbortSignal;
}

/** The identity with its new certificate, on disk. */
export async function renewIdentity(
  identity: Identity,
  options: RenewalOptions,
): Promise<Identity> {
  const csr = await pendingRequest(identity, options.folder);
  const reply = await options.link.renew(csr, identity.counter, options.signal);
  const chainPem = verifiedChainPem(reply.chain, identity.caPem, identity.nodeKey);
  const renewed = await writeRenewal(options.folder, identity, {
    chainPem,
    counter: reply.counter,
  });
  await removeFrom(options.folder, pendingName);
  return renewed;
}

interface PendingRequest {
  readonly counter: number;
  readonly csr: string;
}

const pendingName = 'renewal.json';

async function pendingRequest(identity: Identity, folder: IdentityFolder): Promise<Buffer> {
  const text = await readFrom(folder, pendingName);
  if (text !== null) {
    const pending = JSON.parse(text.toString('utf8')) as PendingRequest;
    if (pending.counter === identity.counter) return Buffer.from(pending.csr, 'base64');
  }
  const csr = createCertificateRequest(identity.nodeKey.key, identity.nodeId);
  const pending: PendingRequest = { counter: identity.counter, csr: csr.toString('base64') };
  await writeTo(folder, pendingName, { content: JSON.stringify(pending) });
  return csr;
}
