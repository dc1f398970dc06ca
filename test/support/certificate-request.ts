// CSRs for tests: made by the library that the coordinator reads them with, and by hand where a
// test wants a wrong one.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** DER. `signingKey`: the private key to sign with, when it is not to be the right one. */
export async function createTestRequest(
  keys: { readonly privateKey: CryptoKeyLike; readonly publicKey: CryptoKeyLike },
  subject = 'CN=whatever, OU=muster:operator',
): Promise<Buffer> {
  const request = await Pkcs10CertificateRequestGenerator.create(
    { name: subject, keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  return Buffer.from(request.rawData);
}

type CryptoKeyLike = webcrypto.CryptoKey;
