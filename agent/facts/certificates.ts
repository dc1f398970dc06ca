// When the certificates of Kubernetes and etcd end. Private keys that stand in the same file are
// never parsed and leave with nothing.
import { X509Certificate } from 'node:crypto';
import type { CertificateFact } from '../../shared/model/facts.ts';
import type { Host } from '../host/host.ts';
import { type ProbeSources, tellOnce } from './probe.ts';

const directories = ['/etc/kubernetes/pki', '/etc/etcd/pki'];
const kubeletFiles = [
  '/var/lib/kubelet/pki/kubelet-client-current.pem',
  '/var/lib/kubelet/pki/kubelet-server-current.pem',
  '/var/lib/kubelet/pki/kubelet.crt',
];
/** pki/etcd is the deepest that kubeadm makes. */
const depthLimit = 3;

export async function certificates(sources: ProbeSources): Promise<readonly CertificateFact[]> {
  const { host } = sources;
  const facts = await Promise.all(
    [...(await certificateFiles(host)), ...kubeletFiles].map(async (path) => {
      try {
        const text = await host.readFile(path);
        return text === null ? [] : [parseCertificate(path, text)];
      } catch (thrown) {
        tellOnce(sources, `certificate ${path}`, thrown);
        return [];
      }
    }),
  );
  return facts.flat();
}

/** The first certificate of a PEM file: the end entity's. */
export function parseCertificate(path: string, text: string): CertificateFact {
  const [pem] = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(text) ?? [];
  if (pem === undefined) throw new Error(`${path} holds no certificate`);
  const certificate = new X509Certificate(pem);
  return {
    path,
    subject: certificate.subject.split('\n').join(', '),
    notAfterMs: Date.parse(certificate.validTo),
  };
}

/** Certificates of Kubernetes and etcd: every .crt of their directories. */
export async function certificateFiles(host: Host): Promise<readonly string[]> {
  const found = await Promise.all(
    directories.map((directory) => filesIn(host, { directory, depth: 1 })),
  );
  return found.flat();
}

async function filesIn(
  host: Host,
  where: { readonly directory: string; readonly depth: number },
): Promise<readonly string[]> {
  const { directory, depth } = where;
  const names = await host.list(directory);
  const nested = await Promise.all(
    names.map(async (name) => {
      const path = `${directory}/${name}`;
      if (name.endsWith('.crt')) return [path];
      if (depth === depthLimit || name.endsWith('.key')) return [];
      const stat = await host.stat(path);
      return stat?.kind === 'directory'
        ? await filesIn(host, { directory: path, depth: depth + 1 })
        : [];
    }),
  );
  return nested.flat();
}
