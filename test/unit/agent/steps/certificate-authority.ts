// A throwaway CA that signs requests as a coordinator would: the names are its own choice.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface CertificateAuthority {
  readonly pem: string;
  sign(csr: Uint8Array, names: readonly string[], days: number): Promise<string>;
}

export async function aCertificateAuthority(name = 'test CA'): Promise<CertificateAuthority> {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 1000),
    notAfter: new Date(Date.now() + 10 * 365 * 24 * 3600_000),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    pem: ca.toString('pem'),
    sign: async (csr, names, days) => {
      const request = new x509.Pkcs10CertificateRequest(Uint8Array.from(csr).buffer);
      if (!(await request.verify())) throw new Error('the request is not signed by its key');
      const certificate = await x509.X509CertificateGenerator.create({
        subject: request.subject,
        issuer: ca.subject,
        publicKey: request.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        notBefore: new Date(Date.now() - 1000),
        notAfter: new Date(Date.now() + days * 24 * 3600_000),
        extensions: [
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value })),
          ),
        ],
      });
      return certificate.toString('pem');
    },
  };
}
