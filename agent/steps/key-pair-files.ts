// Certificates and keys as files of the host: do they belong together, are they still good. Answers a
// fault as a sentence, or null.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Host } from '../host/host.ts';

export interface KeyPairPaths {
  readonly certificatePath: string;
  readonly keyPath: string;
  /** Signer of the certificate; null for one that signs itself. */
  readonly caPath: string | null;
}

/** What is wrong with a certificate and its key; null when nothing is. */
export async function keyPairFault(
  host: Host,
  paths: KeyPairPaths,
  nowMs: number,
): Promise<string | null> {
  const { certificatePath, keyPath, caPath } = paths;
  const [certificatePem, keyPem, caPem] = await Promise.all([
    host.readFile(certificatePath),
    host.readFile(keyPath),
    host.readFile(caPath ?? certificatePath),
  ]);
  if (certificatePem === null) return `${certificatePath} is not there`;
  if (keyPem === null) return `${keyPath} is not there`;
  if (caPem === null) return `${caPath} is not there`;
  const certificate = parseCertificate(certificatePem);
  const ca = parseCertificate(caPem);
  const key = parseKey(keyPem);
  if (certificate === null) return `${certificatePath} holds no certificate`;
  if (key === null) return `${keyPath} holds no private key`;
  if (ca === null) return `${caPath} holds no certificate`;
  if (!certificate.checkPrivateKey(key)) return `${certificatePath} does not belong to ${keyPath}`;
  if (!certificate.verify(ca.publicKey)) return `${certificatePath} was not signed by ${caPath}`;
  if (expiryOf(certificate) <= nowMs) return `${certificatePath} expired on ${certificate.validTo}`;
  return null;
}

export function parseCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null; // what is unreadable is as good as absent: it is asked for again
  }
}

export function parseKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null; // as above
  }
}

const expiryOf = (certificate: X509Certificate): number => Date.parse(certificate.validTo);

/** Less is left than 30 days and than half of its life. */
export function isWearingOut(certificate: X509Certificate, nowMs: number): boolean {
  const lifeMs = expiryOf(certificate) - Date.parse(certificate.validFrom);
  return expiryOf(certificate) - nowMs < Math.min(30 * 24 * 3600_000, lifeMs / 2);
}

/** DNS names and addresses a certificate is for. */
export function namesOf(certificate: X509Certificate): ReadonlySet<string> {
  const entries = (certificate.subjectAltName ?? '').split(', ');
  return new Set(entries.map((entry) => entry.replace(/^(DNS|IP Address):/, '')));
}
