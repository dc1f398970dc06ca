// An operator's key and the requests for its certificates. The key is made here and is sent to nobody.
import 'reflect-metadata';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { AppError } from '../../../shared/errors.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export function makeOperatorKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** PKCS #10, DER. The coordinator takes the public key from it, and the name from its own record. */
export async function requestFor(keyPem: string): Promise<Uint8Array> {
  const key = createPrivateKey(keyPem);
  const keys = {
    privateKey: key.toCryptoKey(algorithm, false, ['sign']),
    publicKey: createPublicKey(key).toCryptoKey(algorithm, true, ['verify']),
  };
  const request = await Pkcs10CertificateRequestGenerator.create(
    { name: [{ CN: ['operator'] }], keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  return new Uint8Array(request.rawData);
}

/** The chain as it came. @throws AppError invalid when it is not this CA's, or not for this key. */
export function checkedCertificate(
  chainPem: string,
  { caPem, keyPem }: { readonly caPem: string; readonly keyPem: string },
): string {
  const ca = new X509Certificate(caPem);
  const leaf = parse(chainPem);
  const isOurs =
    leaf?.checkIssued(ca) === true &&
    leaf.verify(ca.publicKey) &&
    leaf.checkPrivateKey(createPrivateKey(keyPem));
  if (isOurs) return chainPem;
  throw new AppError(
    'invalid',
    'the coordinator answered a certificate that is not of its fleet, or not for the key made here; nothing was kept',
  );
}

function parse(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}
