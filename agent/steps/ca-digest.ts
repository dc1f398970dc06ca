// The digest a Kubernetes CA is known by: SHA-256 of its public key's SPKI, as kubeadm's discovery
// hash. A new certificate for the same key has the same digest.
import { X509Certificate } from 'node:crypto';
import { sha256Hex } from '../../shared/canonical.ts';

export function caDigestOf(pem: string): string {
  return sha256Hex(new X509Certificate(pem).publicKey.export({ format: 'der', type: 'spki' }));
}
