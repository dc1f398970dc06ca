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
  const { context } = sealing;
  const jwk = createPublicKey({
    key: Buffer.from(sealing.publicKey, 'base64'),
    format: 'der',
    type: 'spki',
  }).export({ format: 'jwk' });
  const recipient = await webcrypto.subtle.importKey('jwk', jwk, curve, true, []);
  const sender = await suite.createSenderContext({ recipientPublicKey: recipient });
  const plain = Buffer.from(JSON.stringify(files));
  const bound = associatedData(sealing.purpose, context);
  const sealed = await sender.seal(toArrayBuffer(plain), toArrayBuffer(bound));
  return {
    encapsulated: Buffer.from(sender.enc).toString('base64'),
    ciphertext: Buffer.from(sealed).toString('base64'),
    context,
  };
}

/** @param privateKeyPem the node's P-256 key. @throws when the key or the purpose is another one. */
export async function openFiles(
  sealed: SealedSecret,
  privateKeyPem: string,
  purpose: SealPurpose,
): Promise<SecretFiles> {
  const jwk = createPrivateKey(privateKeyPem).export({ format: 'jwk' });
  const recipientKey = await webcrypto.subtle.importKey('jwk', jwk, curve, true, ['deriveBits']);
  const enc = toArrayBuffer(Buffer.from(sealed.encapsulated, 'base64'));
  const opener = await suite.createRecipientContext({ recipientKey, enc });
  const ciphertext = toArrayBuffer(Buffer.from(sealed.ciphertext, 'base64'));
  const bound = associatedData(purpose, sealed.context);
  const plain = await opener.open(ciphertext, toArrayBuffer(bound));
  return filesFrom(JSON.parse(Buffer.from(plain).toString('utf8')));
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
