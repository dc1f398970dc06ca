// What a certificate chain from the coordinator must be: signed by the pinned fleet CA, for our own
// key. Says how far off the clock is when dates do not fit. Pure.
import { X509Certificate } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import { base64urlSha256 } from '../../shared/join-token.ts';
import type { NodeKey } from './node-key.ts';

/** Base64url SHA-256 of the certificate's public key. */
export function pinOf(certificate: X509Certificate): string {
  return base64urlSha256(certificate.publicKey.export({ format: 'der', type: 'spki' }));
}

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

/** One sentence when `nowMs` is outside the dates of one of the certificates; null when it is inside. */
export function clockFault(certificates: readonly X509Certificate[], nowMs: number): string | null {
  for (const certificate of certificates) {
    const { notBeforeMs, notAfterMs } = validity(certificate);
    if (nowMs < notBeforeMs)
      return describe(nowMs, `at least ${duration(notBeforeMs - nowMs)} behind`);
    if (nowMs > notAfterMs) {
      return describe(
        nowMs,
        `${duration(nowMs - notAfterMs)} past the end of the coordinator’s certificate`,
      );
    }
  }
  return null;
}

function describe(nowMs: number, how: string): string {
  return `this host’s clock says ${new Date(nowMs).toISOString()}, which is ${how}: set it (for example with timedatectl) and try again`;
}

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

function refusedChain(why: string): AppError {
  return new AppError('invalid', `the coordinator sent a certificate that cannot be ours: ${why}`);
}
