// When the certificates of Kubernetes, etcd and the kubelet end, those inside kubeconfigs too. A file
// is read again only when it is another one. The agent's own is left out: it renews that every day.
import { X509Certificate } from 'node:crypto';
import { sha256Hex } from '../../shared/canonical.ts';
import type { CertificateHealth } from '../../shared/model/health.ts';
import { certificateFiles } from '../facts/certificates.ts';
import type { Machine } from '../facts/machine.ts';
import type { Host } from '../host/host.ts';
import { parseKubeconfig } from '../host/kubeconfig.ts';

export interface CertificateSources {
  readonly host: Host;
  readonly machine: Machine;
  /** By path: what was read, and of which file. */
  readonly certificates: Map<string, { readonly stamp: string; readonly fact: Found }>;
}
type Found = CertificateHealth | null;

const kubeconfigs = ['admin.conf', 'super-admin.conf', 'controller-manager.conf', 'scheduler.conf'];
/** Not kubelet.crt: it signs itself, and nobody checks it. */
const kubeletFiles = ['kubelet-client-current.pem', 'kubelet-server-current.pem'];

export async function certificateHealth(
  sources: CertificateSources,
): Promise<readonly CertificateHealth[]> {
  const paths = [
    ...(await certificateFiles(sources.host)),
    ...kubeletFiles.map((name) => `/var/lib/kubelet/pki/${name}`),
    ...kubeconfigs.map((name) => `/etc/kubernetes/${name}`),
  ];
  const found = await Promise.all(paths.map((path) => certificateOf(path, sources)));
  return found.filter((fact) => fact !== null);
}

async function certificateOf(path: string, sources: CertificateSources): Promise<Found> {
  const { host, machine, certificates } = sources;
  // What a link leads to counts: the kubelet's newest certificate is one.
  const stamp = await machine.stampOf(path).catch(() => null);
  if (stamp === null) {
    certificates.delete(path);
    return null;
  }
  const known = certificates.get(path);
  if (known?.stamp === stamp) return known.fact;
  const fact = parse(path, await host.readFile(path));
  certificates.set(path, { stamp, fact });
  return fact;
}

/** Null for what holds no certificate: a broken file is the business of who reads it. */
function parse(path: string, text: string | null): Found {
  const pem = text === null ? null : leafIn(path, text);
  return pem === null ? null : { path, ...described(new X509Certificate(pem)) };
}

function leafIn(path: string, text: string): string | null {
  try {
    const from = path.endsWith('.conf') ? embeddedIn(text, path) : text;
    const pem = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(from)?.[0];
    // What does not parse holds none.
    return pem === undefined ? null : new X509Certificate(pem).toString();
  } catch {
    return null;
  }
}

const embeddedIn = (text: string, path: string): string =>
  Buffer.from(parseKubeconfig(text, path)['client-certificate-data'] ?? '', 'base64').toString();

/** What is told of a certificate, wherever it was found. */
export const described = (certificate: X509Certificate) => ({
  subject: certificate.subject.split('\n').join(', '),
  notBeforeMs: certificate.validFromDate.getTime(),
  notAfterMs: certificate.validToDate.getTime(),
  sha256: sha256Hex(certificate.raw),
});
