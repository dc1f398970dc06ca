// The digest a Kubernetes CA is known by: SHA-256 of its public key's SPKI, as kubeadm's discovery
// hash. A new certificate for the same key has the same digest.
import { X509Certificate } from 'node:crypto';
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { parseCertificate } from './key-pair-files.ts';

export function caDigestOf(pem: string): string {
  return sha256Hex(new X509Certificate(pem).publicKey.export({ format: 'der', type: 'spki' }));
}

/**
 * The cluster's record says which CA is ours: a host with another one belongs to another cluster, or
 * somebody put it there. @throws AppError conflict, naming both.
 */
export function refuseOtherCa(seen: {
  readonly pem: string;
  readonly what: string;
  readonly expected: string | undefined;
}): void {
  const { pem, what, expected } = seen;
  if (expected === undefined) return;
  const found = parseCertificate(pem) === null ? 'no certificate' : caDigestOf(pem);
  if (found === expected) return;
  throw new AppError(
    'conflict',
    `the Kubernetes CA in ${what} is not the one of this cluster: the record says ${expected}, it is ${found}. Nothing is joined to it; look at who put it there`,
  );
}
