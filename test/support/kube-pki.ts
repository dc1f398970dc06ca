// Keys and certificates as kubeadm makes them for a cluster, with a validity of the test's choice.
import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 24 * 3600_000;

export interface Pair {
  readonly certificate: string;
  readonly key: string;
  readonly publicKey: string;
}

export interface KubeCa extends Pair {
  issue(subject: string, options?: IssueOptions): Promise<Pair>;
  /** Signs what a request asks for, as the cluster does. */
  sign(csrPem: string): Promise<string>;
}

export interface IssueOptions {
  readonly names?: readonly string[];
  /** @default a year from now */
  readonly notAfterMs?: number;
}

async function keyPair() {
  return (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
}

function pems(keys: webcrypto.CryptoKeyPair, certificate: x509.X509Certificate): Pair {
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: KeyObject.from(keys.publicKey).export({ type: 'spki', format: 'pem' }) as string,
  };
}

export async function makeKubeCa(name = 'kubernetes'): Promise<KubeCa> {
  const keys = await keyPair();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + 3650 * dayMs),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const create = async (
    subject: string,
    publicKey: x509.PublicKeyType,
    { names = [], notAfterMs = Date.now() + 365 * dayMs }: IssueOptions,
  ) =>
    await x509.X509CertificateGenerator.create({
      subject,
      issuer: ca.subject,
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(notAfterMs),
      extensions: [
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value })),
        ),
      ],
    });
  return {
    ...pems(keys, ca),
    issue: async (subject, options = {}) => {
      const own = await keyPair();
      return pems(own, await create(subject, own.publicKey, options));
    },
    sign: async (csrPem) => {
      const request = new x509.Pkcs10CertificateRequest(csrPem);
      return (await create(request.subject, request.publicKey, {})).toString('pem');
    },
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The text kubeadm writes, field for field. */
export function kubeconfigText(server: string, ca: string, user: Pair | { token: string }): string {
  const credential =
    'token' in user
      ? `    token: ${user.token}\n`
      : `    client-certificate-data: ${base64(user.certificate)}\n    client-key-data: ${base64(user.key)}\n`;
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${base64(ca)}
    server: ${server}
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: kubernetes-admin
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
kind: Config
users:
- name: kubernetes-admin
  user:
${credential}`;
}

/** PEM. */
export async function makeRequest(subject: string): Promise<string> {
  const keys = await keyPair();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: algorithm,
  });
  return request.toString('pem');
}
