// Certificates: what each kind says and how long it lives. Subjects, names and usages come from the
// caller, who has them from an identity or a plan, and never from a CSR.
import 'reflect-metadata';
import { createPublicKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** A host whose clock is a little behind must still be able to use what it just got. */
const backdatedMs = 60 * 60 * 1000;

export interface Issuer {
  readonly name: readonly NameAttribute[];
  readonly key: KeyObject;
}

export type NameAttribute = Readonly<Record<string, readonly string[]>>;

export interface LeafRequest {
  readonly subject: readonly NameAttribute[];
  /** SPKI, DER. */
  readonly publicKey: Uint8Array;
  /** DNS names and addresses. */
  readonly names: readonly string[];
  readonly usages: readonly ('client' | 'server')[];
  readonly lifetimeMs: number;
  readonly now: number;
}

/** PEM of a self-signed CA that can sign leaves only. */
export async function createCaCertificate(
  issuer: Issuer,
  options: { readonly lifetimeMs: number; readonly now: number },
): Promise<string> {
  const publicKey = new PublicKey(spkiOf(issuer.key));
  return await create(issuer, issuer.name, publicKey, options, [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ]);
}

export async function issueLeaf(issuer: Issuer, request: LeafRequest): Promise<string> {
  const publicKey = new PublicKey(toBytes(request.publicKey));
  const usages = request.usages.map((usage) =>
    usage === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth,
  );
  const names = request.names.map((value) =>
    isIP(value) === 0 ? ({ type: 'dns', value } as const) : ({ type: 'ip', value } as const),
  );
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension(usages),
  ];
  if (names.length > 0) extensions.push(new SubjectAlternativeNameExtension(names));
  return await create(issuer, request.subject, publicKey, request, extensions);
}

async function create(
  issuer: Issuer,
  subject: readonly NameAttribute[],
  publicKey: PublicKey,
  dates: { readonly lifetimeMs: number; readonly now: number },
  extensions: Extension[],
): Promise<string> {
  const issuerPublicKey = new PublicKey(spkiOf(issuer.key));
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: randomSerial(),
      issuer: asJsonName(issuer.name),
      subject: asJsonName(subject),
      notBefore: new Date(dates.now - backdatedMs),
      notAfter: new Date(dates.now + dates.lifetimeMs),
      publicKey,
      signingKey: issuer.key.toCryptoKey(ecdsa, false, ['sign']),
      signingAlgorithm: ecdsa,
      extensions: [
        ...extensions,
        await SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create(issuerPublicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return `${certificate.toString('pem')}\n`;
}

/** 127 random bits with the top one clear: positive and of constant length. */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

const asJsonName = (name: readonly NameAttribute[]) =>
  name.map((attribute) =>
    Object.fromEntries(Object.entries(attribute).map(([type, values]) => [type, [...values]])),
  );

/** SPKI DER of a private or public key. */
export function spkiOf(key: KeyObject): Uint8Array<ArrayBuffer> {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return toBytes(publicKey.export({ format: 'der', type: 'spki' }));
}

// The library wants bytes over a plain ArrayBuffer, never a pooled or shared one.
const toBytes = (data: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(data);
