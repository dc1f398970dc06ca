// An operator's key, the request for its certificate, and the kubeconfig made of both. The key is
// made where it is used.
import 'reflect-metadata';
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { stringify } from 'yaml';
import { AppError } from '../../shared/errors.ts';

/** The group that the cluster binds to cluster-admin. */
const adminGroup = 'muster:admins';
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export async function createUserKey(
  user: string,
): Promise<{ readonly keyPem: string; readonly csrPem: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create(
    { name: [{ O: [adminGroup] }, { CN: [user] }], keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    keyPem: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    csrPem: `${request.toString('pem')}\n`,
  };
}

export interface KubeconfigParts {
  readonly cluster: string;
  readonly user: string;
  /** One per API server; each becomes a context, named by its place, so that a name stays a server's. */
  readonly servers: readonly string[];
  /** The server of the current context. @default the first */
  readonly current: string | null;
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

export function contextsOf(
  cluster: string,
  servers: readonly string[],
): { readonly name: string; readonly server: string }[] {
  return servers.map((server, index) => ({
    server,
    name: index === 0 ? cluster : `${cluster}-${index + 1}`,
  }));
}

/** @throws AppError internal when what came back is not a certificate for this key. */
export function renderKubeconfig(parts: KubeconfigParts): string {
  const { cluster, user, servers } = parts;
  if (servers.length === 0) throw new AppError('internal', 'the coordinator named no API server');
  checkPair(parts);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const entries = contextsOf(cluster, servers);
  // Some programs take the first they find, whatever the current one is.
  const chosen = entries.findIndex(({ server }) => server === parts.current);
  const current = entries.splice(Math.max(chosen, 0), 1);
  entries.unshift(...current);
  const userName = `${user}@${cluster}`;
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': entries[0]?.name ?? cluster,
    clusters: entries.map(({ name, server }) => ({
      name,
      cluster: { server, 'certificate-authority-data': base64(parts.caPem) },
    })),
    contexts: entries.map(({ name }) => ({ name, context: { cluster: name, user: userName } })),
    users: [
      {
        name: userName,
        user: {
          'client-certificate-data': base64(parts.certificatePem),
          'client-key-data': base64(parts.keyPem),
        },
      },
    ],
  };
  return stringify(document, { lineWidth: 0 });
}

function checkPair({ certificatePem, keyPem }: KubeconfigParts): void {
  try {
    if (new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem))) return;
  } catch (cause) {
    throw new AppError('internal', 'the cluster answered something that is not a certificate', {
      cause,
    });
  }
  throw new AppError('internal', 'the cluster answered a certificate for another key');
}
