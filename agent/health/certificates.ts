// When the certificates of Kubernetes, etcd and the kubelet end, those inside kubeconfigs too. A file
// is read again only when it is another one. The agent's own is left out: it renews that every day.
import type { CertificateFact } from '../../shared/model/facts.ts';
import { certificateFiles, parseCertificate } from '../facts/certificates.ts';
import type { Machine } from '../facts/machine.ts';
import type { Host } from '../host/host.ts';
import { parseKubeconfig } from '../host/kubeconfig.ts';

export interface CertificateSources {
  readonly host: Host;
  readonly machine: Machine;
  /** By path: what was read, and of which file. */
  readonly certificates: Map<string, { readonly stamp: string; readonly fact: Found }>;
}
type Found = CertificateFact | null;

const kubeconfigs = ['admin.conf', 'super-admin.conf', 'controller-manager.conf', 'scheduler.conf'];
/** Not kubelet.crt: it signs itself, and nobody checks it. */
const kubeletFiles = ['kubelet-client-current.pem', 'kubelet-server-current.pem'];

export async function certificateHealth(
  sources: CertificateSources,
): Promise<readonly CertificateFact[]> {
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
  if (text === null) return null;
  try {
    if (!path.endsWith('.conf')) return parseCertificate(path, text);
    const embedded = parseKubeconfig(text, path)['client-certificate-data'];
    if (embedded === undefined) return null;
    return parseCertificate(path, Buffer.from(embedded, 'base64').toString('utf8'));
  } catch {
    return null;
  }
}
