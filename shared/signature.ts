// DSSE with Ed25519: the signature is over PAE(type, body), so a body can never pass as another
// type. The only place that signs or verifies envelopes. keyid is a hint and is never trusted.
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Envelope } from './model/plan.ts';

/** DSSE's pre-authentication encoding. */
export function preAuthenticationEncoding(type: string, body: Uint8Array): Buffer {
  const typeBytes = Buffer.from(type, 'utf8');
  const head = `DSSEv1 ${typeBytes.length} `;
  return Buffer.concat([Buffer.from(head), typeBytes, Buffer.from(` ${body.length} `), body]);
}

export function signEnvelope(payloadType: string, payload: Uint8Array, key: KeyObject): Envelope {
  const sig = sign(null, preAuthenticationEncoding(payloadType, payload), key);
  return { payloadType, payload, signatures: [{ keyid: publicKeyText(key), sig }] };
}

/** True when one of the signatures is by one of `keys` (base64 of raw Ed25519 public keys). */
export function isSignedBy(envelope: Envelope, keys: readonly string[]): boolean {
  const message = preAuthenticationEncoding(envelope.payloadType, envelope.payload);
  return keys.some((text) => {
    const key = publicKeyFrom(text);
    return envelope.signatures.some(
      ({ sig }) => sig.length === 64 && verify(null, message, key, sig),
    );
  });
}

const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

const texts = new WeakMap<KeyObject, string>();

/** Base64 of the raw public key of a private or public Ed25519 key. */
export function publicKeyText(key: KeyObject): string {
  const known = texts.get(key);
  if (known !== undefined) return known;
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const text = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  texts.set(key, text);
  return text;
}

const keys = new Map<string, KeyObject>();
/** A fleet has a few. */
const mostKeys = 64;

function publicKeyFrom(text: string): KeyObject {
  const known = keys.get(text);
  if (known !== undefined) return known;
  if (keys.size >= mostKeys) keys.clear();
  const key = decoded(text);
  keys.set(text, key);
  return key;
}

function decoded(text: string): KeyObject {
  const der = Buffer.concat([spkiPrefix, Buffer.from(text, 'base64')]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}
