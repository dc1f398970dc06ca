// A PKCS #10 request: proof that we hold the key. To the coordinator only its public key counts;
// subject, names and usages are its own to set. A Kubernetes cluster signs the subject as it stands.
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
const organization = objectIdentifier('2.5.4.10');
const ecdsaWithSha256 = objectIdentifier('1.2.840.10045.4.3.2');

export interface RequestedSubject {
  readonly commonName: string;
  /** A group, to Kubernetes. */
  readonly organization: string;
}

/** DER. `key` is a P-256 private key; a subject that is a text is a common name alone. */
export function createCertificateRequest(key: KeyObject, asked: string | RequestedSubject): Buffer {
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const attribute = (type: Buffer, value: string) => set(sequence(type, utf8String(value)));
  const subject =
    typeof asked === 'string'
      ? sequence(attribute(commonName, asked))
      : sequence(
          attribute(organization, asked.organization),
          attribute(commonName, asked.commonName),
        );
  const attributes = der(0xa0);
  const info = sequence(smallInteger(0), subject, publicKey, attributes);
  const signature = sign('sha256', info, key);
  return sequence(info, sequence(ecdsaWithSha256), bitString(signature));
}
