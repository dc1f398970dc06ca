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
  const [leaf] = chain.map((certificate) => new X509Certificate(certificate));
  if (leaf === undefined) throw refusedChain('it is empty');
  if (!leaf.checkIssued(ca) || !leaf.verify(ca.publicKey)) {
    throw refusedChain('it is not signed by the fleet CA');
  }
  const publicDer = leaf.publicKey.export({ format: 'der', type: 'spki' });
  if (!publicDer.equals(nodeKey.publicDer)) throw refusedChain('it is for another key');
  return leaf.toString() + ca.toString();
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
