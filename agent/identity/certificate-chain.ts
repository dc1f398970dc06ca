// What a certificate chain from the coordinator must be: signed by the pinned fleet CA, for our own
// key. Pure.
import { X509Certificate } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import type { NodeKey } from './node-key.ts';

/** PEM of the chain, leaf first. @throws AppError invalid */
export function verifiedChainPem(
  chain: readonly Uint8Array[],
  caPem: string,
  nodeKey: NodeKey,
): string {
  const ca = new X509Certificate(caPem);
  if (chain.length > longestChain) throw refusedChain(`it has ${chain.length} parts`);
  const [leaf] = chain.map(certificateFrom);
  if (leaf === undefined) throw refusedChain('it is empty');
  if (!leaf.checkIssued(ca) || !leaf.verify(ca.publicKey)) {
    throw refusedChain('it is not signed by the fleet CA');
  }
  const publicDer = leaf.publicKey.export({ format: 'der', type: 'spki' });
  if (!publicDer.equals(nodeKey.publicDer)) throw refusedChain('it is for another key');
  return leaf.toString() + ca.toString();
}

const longestChain = 8;
const longestCertificate = 64 * 1024;

function certificateFrom(bytes: Uint8Array): X509Certificate {
  try {
    if (bytes.length <= longestCertificate) return new X509Certificate(bytes);
  } catch {
    // Said below.
  }
  throw refusedChain(`${bytes.length} bytes of it are no certificate`);
}

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Of the first certificate of a PEM text. */
export function validityOf(pem: string): Validity {
  return validity(new X509Certificate(pem));
}

const validity = (certificate: X509Certificate): Validity => ({
  notBeforeMs: Date.parse(certificate.validFrom),
  notAfterMs: Date.parse(certificate.validTo),
});

function refusedChain(why: string): AppError {
  return new AppError('invalid', `the coordinator sent a certificate that cannot be ours: ${why}`);
}
