// Sealing a secret to one node's key: HPKE base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256,
// AES-256-GCM (RFC 9180). `context` (plan and step) is associated data: a sealed secret cannot be
// used in another place than the one it was made for.
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import type { SealedSecret } from './model/step.ts';

const suite = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const curve = { name: 'ECDH', namedCurve: 'P-256' };

/** Files by name: content is text. */
export type SecretFiles = Readonly<Record<string, string>>;

/** @param publicKey base64 of the SPKI DER of the consumer's P-256 key. */
export async function sealFiles(
  files: SecretFiles,
  publicKey: string,
  context: string,
): Promise<SealedSecret> {
  const jwk = createPublicKey({
    key: Buffer.from(publicKey, 'base64'),
    format: 'der',
    type: 'spki',
  }).export({ format: 'jwk' });
  const recipient = await webcrypto.subtle.importKey('jwk', jwk, curve, true, []);
  const sender = await suite.createSenderContext({ recipientPublicKey: recipient });
  const plain = Buffer.from(JSON.stringify(files));
  const sealed = await sender.seal(toArrayBuffer(plain), toArrayBuffer(Buffer.from(context)));
  return {
    encapsulated: Buffer.from(sender.enc).toString('base64'),
    ciphertext: Buffer.from(sealed).toString('base64'),
    context,
  };
}

/** @param privateKeyPem the node's P-256 key. @throws when the key or the context is another one. */
export async function openFiles(
  sealed: SealedSecret,
  privateKeyPem: string,
  context: string,
): Promise<SecretFiles> {
  const jwk = createPrivateKey(privateKeyPem).export({ format: 'jwk' });
  const recipientKey = await webcrypto.subtle.importKey('jwk', jwk, curve, true, ['deriveBits']);
  const enc = toArrayBuffer(Buffer.from(sealed.encapsulated, 'base64'));
  const opener = await suite.createRecipientContext({ recipientKey, enc });
  const ciphertext = toArrayBuffer(Buffer.from(sealed.ciphertext, 'base64'));
  const plain = await opener.open(ciphertext, toArrayBuffer(Buffer.from(context)));
  return JSON.parse(Buffer.from(plain).toString('utf8')) as SecretFiles;
}

function toArrayBuffer(data: Uint8Array): ArrayBuffer {
  return Uint8Array.from(data).buffer;
}
