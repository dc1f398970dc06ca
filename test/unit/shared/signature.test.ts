// Envelopes: what is signed is exactly DSSE's, so that other tools can check it too, and a body never
// passes under another type than the one it was signed as.
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  isSignedBy,
  preAuthenticationEncoding,
  publicKeyText,
  signEnvelope,
} from '../../../shared/signature.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const body = Buffer.from('hello world');
const type = 'http://example.com/HelloWorld';

test('encodes type and body as the test vector of the DSSE specification says', () => {
  expect(preAuthenticationEncoding(type, body).toString()).toBe(
    'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  );
});

test('counts bytes, not characters', () => {
  expect(preAuthenticationEncoding('é', Buffer.from('ö')).toString()).toBe('DSSEv1 2 é 2 ö');
});

test('a signature holds for its type and its body, and for no other', () => {
  const envelope = signEnvelope(type, body, privateKey);
  const keys = [publicKeyText(privateKey)];
  expect(isSignedBy(envelope, keys)).toBe(true);
  expect(isSignedBy({ ...envelope, payloadType: `${type}s` }, keys)).toBe(false);
  expect(isSignedBy({ ...envelope, payload: Buffer.from('hello worlds') }, keys)).toBe(false);
});

test('the id of a key proves nothing', () => {
  const envelope = signEnvelope(type, body, privateKey);
  const other = publicKeyText(generateKeyPairSync('ed25519').privateKey);
  const [signature] = envelope.signatures;
  const claimed = { ...envelope, signatures: [{ keyid: other, sig: signature?.sig ?? body }] };
  expect(isSignedBy(claimed, [other])).toBe(false);
});
