// The coordinator's own certificate, for both ports. It lives two years and is issued anew in its second
// one (renew-server.ts), or at the start of `serve` when the coordinator got another name or address.
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { COORDINATOR_NAME } from '../../shared/rpc/tls.ts';
import { type Issuer, issueLeaf, spkiOf } from './certificate.ts';

const year = 365 * 24 * 60 * 60 * 1000;

export interface ServerCertificateOptions {
  readonly addresses: readonly string[];
  /** SPKI, DER. */
  readonly publicKey: Uint8Array;
  readonly now: number;
}

export async function issueServerCertificate(
  issuer: Issuer,
  options: ServerCertificateOptions,
): Promise<string> {
  return await issueLeaf(issuer, {
    subject: [{ CN: [COORDINATOR_NAME] }, { OU: ['muster:coordinator'] }],
    publicKey: options.publicKey,
    names: serverNames(options.addresses),
    usages: ['server'],
    lifetimeMs: 2 * year,
    now: options.now,
  });
}

export function isServerCertificateFresh(pem: string, options: ServerCertificateOptions): boolean {
  const certificate = new X509Certificate(pem);
  if (!Buffer.from(spkiOf(certificate.publicKey)).equals(options.publicKey)) return false;
  if (certificate.validFromDate.getTime() > options.now) return false;
  if (certificate.validToDate.getTime() < options.now + year) return false;
  return serverNames(options.addresses).every((name) =>
    isIP(name) === 0
      ? certificate.checkHost(name) !== undefined
      : certificate.checkIP(name) !== undefined,
  );
}

/** localhost too: the command line and health checks on the same machine. */
const serverNames = (addresses: readonly string[]): string[] => [
  ...new Set([COORDINATOR_NAME, 'localhost', '127.0.0.1', ...addresses]),
];
