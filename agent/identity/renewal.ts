// Renews the certificate at half life, with the same key and a counter. The request is kept on disk
// until its answer is: after a lost reply the same counter goes out with the same bytes.
import { join } from 'node:path';
import { readIfThere, removeDurably, writeFileDurably } from '../durable-file.ts';
import type { CoordinatorLink } from '../link/coordinator-link.ts';
import { type Validity, validityOf, verifiedChainPem } from './certificate-chain.ts';
import { createCertificateRequest } from './certificate-request.ts';
import { type Identity, writeRenewal } from './identity.ts';

/** Half of the certificate's life has passed. Pure. */
function isRenewalDue(validity: Validity, nowMs: number): boolean {
  return nowMs >= validity.notBeforeMs + (validity.notAfterMs - validity.notBeforeMs) / 2;
}

export const isIdentityRenewalDue = (identity: Identity, nowMs: number): boolean =>
  isRenewalDue(validityOf(identity.chainPem), nowMs);

export interface RenewalOptions {
  readonly identityDirectory: string;
  readonly link: CoordinatorLink;
  readonly signal: AbortSignal;
}

/** The identity with its new certificate, on disk. */
export async function renewIdentity(
  identity: Identity,
  options: RenewalOptions,
): Promise<Identity> {
  const csr = await pendingRequest(identity, options.identityDirectory);
  const reply = await options.link.renew(csr, identity.counter, options.signal);
  const chainPem = verifiedChainPem(reply.chain, identity.caPem, identity.nodeKey);
  const renewed = await writeRenewal(options.identityDirectory, identity, {
    chainPem,
    counter: reply.counter,
  });
  await removeDurably(pendingPath(options.identityDirectory));
  return renewed;
}

interface PendingRequest {
  readonly counter: number;
  readonly csr: string;
}

const pendingPath = (directory: string): string => join(directory, 'renewal.json');

async function pendingRequest(identity: Identity, directory: string): Promise<Buffer> {
  const text = await readIfThere(pendingPath(directory));
  if (text !== null) {
    const pending = JSON.parse(text.toString('utf8')) as PendingRequest;
    if (pending.counter === identity.counter) return Buffer.from(pending.csr, 'base64');
  }
  const csr = createCertificateRequest(identity.nodeKey.key, identity.nodeId);
  const pending: PendingRequest = { counter: identity.counter, csr: csr.toString('base64') };
  const content = JSON.stringify(pending);
  await writeFileDurably({ path: pendingPath(directory), content, mode: 0o600 });
  return csr;
}
