// Sealing a secret to one node's key: HPKE base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256,
// AES-256-GCM (RFC 9180). Associated data is what the secret is for, as the signed plans of maker and
// consumer each name it, never as the message says it: what was sealed for one host, cluster or goal
// opens in no plan for another.
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { canonicalJson } from './canonical.ts';
import type { SealedSecret } from './model/step.ts';

const suite = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const curve = { name: 'ECDH', namedCurve: 'P-256' };

/** Files by name: content is text. */
export type SecretFiles = Readonly<Record<string, string>>;

/** What a sealed secret is for. Maker and consumer each take it from their own plan. */
export interface SealPurpose {
  readonly fleet: string;
  readonly cluster: string;
  /** Node id of the host that may open it. */
  readonly consumer: string;
  /** `goal` of the plan in which it is opened. */
  readonly goal: string;
}

export interface Sealing {
  /** Base64 of the SPKI DER of the consumer's P-256 key. */
  readonly publicKey: string;
  readonly purpose: SealPurpose;
  /** Plan and step that seal: tells where it came from, and cannot be exchanged either. */
  readonly context: string;
}

export async function sealFiles(files: SecretFiles, sealing: Sealing): Promise<SealedSecret> {
  const { context, publicKey, purpose } = sealing;
  const plain = Buffer.from(JSON.stringify(files));
  return { ...(await sealBytes(plain, publicKey, associatedData(purpose, context))), context };
}

/** Base64 of both. */
export type SealedBytes = Pick<SealedSecret, 'encapsulated' | 'ciphertext'>;

/** @param publicKey base64 of the SPKI DER of a P-256 key @param bound has to be the same on opening */
export async function sealBytes(
  plain: Uint8Array,
  publicKey: string,
  bound: Uint8Array,
): Promise<SealedBytes> {
  const jwk = createPublicKey({
    key: Buffer.from(publicKey, 'base64'),
    format: 'der',
    type: 'spki',
  }).export({ format: 'jwk' });
  const recipient = await webcrypto.subtle.importKey('jwk', jwk, curve, true, []);
  const sender = await suite.createSenderContext({ recipientPublicKey: recipient });
  const sealed = await sender.seal(toArrayBuffer(plain), toArrayBuffer(bound));
  return {
    encapsulated: Buffer.from(sender.enc).toString('base64'),
    ciphertext: Buffer.from(sealed).toString('base64'),
  };
}

/** @param privateKeyPem the node's P-256 key. @throws when the key or the purpose is another one. */
export async function openFiles(
  sealed: SealedSecret,
  privateKeyPem: string,
  purpose: SealPurpose,
): Promise<SecretFiles> {
  const bound = associatedData(purpose, sealed.context);
  const plain = await openBytes(sealed, privateKeyPem, bound);
  return filesFrom(JSON.parse(plain.toString('utf8')));
}

/** @throws when the key or `bound` is another one. */
export async function openBytes(
  sealed: SealedBytes,
  privateKeyPem: string,
  bound: Uint8Array,
): Promise<Buffer> {
  const jwk = createPrivateKey(privateKeyPem).export({ format: 'jwk' });
  const recipientKey = await webcrypto.subtle.importKey('jwk', jwk, curve, true, ['deriveBits']);
  const enc = toArrayBuffer(Buffer.from(sealed.encapsulated, 'base64'));
  const opener = await suite.createRecipientContext({ recipientKey, enc });
  const ciphertext = toArrayBuffer(Buffer.from(sealed.ciphertext, 'base64'));
  return Buffer.from(await opener.open(ciphertext, toArrayBuffer(bound)));
}

/** Whoever has the public key can seal: what is inside is judged like any other message. */
function filesFrom(value: unknown): SecretFiles {
  const isTable = value !== null && typeof value === 'object' && !Array.isArray(value);
  if (isTable && Object.values(value).every((text) => typeof text === 'string'))
    return value as SecretFiles;
  throw new TypeError('what was sealed is no table of files');
}

const associatedData = ({ fleet, cluster, consumer, goal }: SealPurpose, context: string): Buffer =>
  Buffer.from(
    canonicalJson({ schema: 'muster/sealed/v2', fleet, cluster, consumer, goal, context }),
  );

function toArrayBuffer(data: Uint8Array): ArrayBuffer {
  return Uint8Array.from(data).buffer;
}
