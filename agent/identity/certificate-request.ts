// A PKCS #10 request: proof that we hold the key. Only its public key counts; subject, names and
// usages are the coordinator's to set.
import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import {
  bitString,
  der,
  objectIdentifier,
  sequence,
  set,
  smallInteger,
  utf8String,
} from './der.ts';

const commonName = objectIdentifier('2.5.4.3');
const ecdsaWithSha256 = objectIdentifier('1.2.840.10045.4.3.2');

/** DER. `key` is a P-256 private key. */
export function createCertificateRequest(key: KeyObject, name: string): Buffer {
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const subject = sequence(set(sequence(commonName, utf8String(name))));
  const attributes = der(0xa0);
  const info = sequence(smallInteger(0), subject, publicKey, attributes);
  const signature = sign('sha256', info, key);
  return sequence(info, sequence(ecdsaWithSha256), bitString(signature));
}
