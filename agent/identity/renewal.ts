// Renews the certificate after half of its life, with the same key and a counter. The request is kept on disk
// until its answer is: after a lost reply the same counter goes out with the same bytes.
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { objectFrom } from '../../shared/rpc/codec.ts';
import type { CoordinatorLink } from '../link/coordinator-link.ts';
import { type Validity, validityOf, verifiedChainPem } from './certificate-chain.ts';
import { createCertificateRequest } from './certificate-request.ts';
import { type Identity, writeRenewal } from './identity.ts';
import { type IdentityFolder, readFrom, removeFrom, writeTo } from './identity-folder.ts';

/** Of the certificate's life, after its half. */
const spread = 0.1;

/**
 * When half of the certificate's life has passed, and a part of the tenth after it that is the node's own
 * and stays: hosts that joined in one minute do not renew in one. Pure.
 */
export function renewalDueMs(
  { notBeforeMs, notAfterMs }: Validity,
  nodeId: Identity['nodeId'],
): number {
  const share = Number.parseInt(sha256Hex(nodeId).slice(0, 8), 16) / 2 ** 32;
  return notBeforeMs + (notAfterMs - notBeforeMs) * (0.5 + spread * share);
}

export const isIdentityRenewalDue = ({ chainPem, nodeId }: Identity, nowMs: number): boolean =>
  nowMs >= renewalDueMs(validityOf(chainPem), nodeId);

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
  // Numbers that go back or stand still would make this host its own clone.
  if (!Number.isSafeInteger(reply.counter) || reply.counter <= identity.counter) {
    throw new AppError(
      'invalid',
      `the coordinator renewed the certificate with the counter ${reply.counter}, after ${identity.counter}`,
      { retryable: true },
    );
  }
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

/** Null: it is no request any more, and another one is made. */
function pendingFrom(text: Uint8Array): PendingRequest | null {
  try {
    const { counter, csr } = objectFrom(text, 'renewal', 64 * 1024);
    return typeof counter === 'number' && typeof csr === 'string' ? { counter, csr } : null;
  } catch {
    return null;
  }
}

async function pendingRequest(identity: Identity, folder: IdentityFolder): Promise<Buffer> {
  const text = await readFrom(folder, pendingName);
  if (text !== null) {
    const pending = pendingFrom(text);
    if (pending?.counter === identity.counter) return Buffer.from(pending.csr, 'base64');
  }
  const csr = createCertificateRequest(identity.nodeKey.key, identity.nodeId);
  const pending: PendingRequest = { counter: identity.counter, csr: csr.toString('base64') };
  await writeTo(folder, pendingName, { content: JSON.stringify(pending) });
  return csr;
}
