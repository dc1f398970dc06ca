// Which certificates the processes of this host really show: a file that was renewed is worth nothing
// while its process goes on with the old one. Looked at once a minute, and sooner while a file is
// another one than what is served.
import { X509Certificate } from 'node:crypto';
import {
  type CertificateHealth,
  type CertificateServer,
  certificateServers,
  type ServedCertificate,
} from '../../shared/model/health.ts';
import type { Host } from '../host/host.ts';
import type { TlsPlace } from '../host/tls-peek.ts';
import { kubernetes } from '../steps/kubernetes-paths.ts';
import { apiServerManifest, serverOf } from './api-server.ts';
import { described } from './certificates.ts';
import type { HealthSources } from './health-sources.ts';

export interface ServedMemory {
  last: {
    readonly atMs: number;
    readonly files: string;
    readonly list: readonly ServedCertificate[];
  } | null;
}

const LOOK_EVERY_MS = 60_000;
const KUBELET_PORT = 10_250;
const ETCD_PEER_PORT = 2380;
const etcdPki = '/etc/etcd/pki';

/** @param files as they were just read */
export async function servedCertificates(
  sources: HealthSources,
  files: readonly CertificateHealth[],
): Promise<readonly ServedCertificate[]> {
  const { clock, served } = sources;
  const stamp = files.map(({ path, sha256 }) => `${path} ${sha256}`).join('\n');
  const { last } = served;
  const isFresh = last !== null && last.files === stamp && clock.boot() - last.atMs < LOOK_EVERY_MS;
  if (isFresh && last.list.every((one) => isOfFile(one, files))) return last.list;
  const atMs = clock.boot();
  const found = await Promise.all(certificateServers.map((by) => servedBy(by, sources)));
  const list = found.filter((one) => one !== null);
  served.last = { atMs, files: stamp, list };
  return list;
}

/** The kubelet's is of no file that is looked at: it may sign itself. */
const isOfFile = ({ by, sha256 }: ServedCertificate, files: readonly CertificateHealth[]) =>
  by === 'kubelet' || files.some((file) => file.sha256 === sha256);

/** Null: nothing of the kind runs here, or it does not answer, which is told elsewhere. */
async function servedBy(
  by: CertificateServer,
  sources: HealthSources,
): Promise<ServedCertificate | null> {
  const { signal, limitMs, tlsPeek } = sources;
  try {
    const place = await places[by](sources);
    if (place === null) return null;
    const der = await tlsPeek(place, AbortSignal.any([signal, AbortSignal.timeout(limitMs)]));
    return { by, ...described(new X509Certificate(der)) };
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

type PlaceOf = (sources: HealthSources) => Promise<TlsPlace | null>;

const apiServer: PlaceOf = async ({ host }) => {
  const manifest = await host.readFile(apiServerManifest);
  return manifest === null ? null : placeOf(serverOf(manifest));
};

const places: Readonly<Record<CertificateServer, PlaceOf>> = {
  'kube-apiserver': apiServer,
  etcd: async ({ host, etcdUrl }) =>
    (await host.stat(`${etcdPki}/server.crt`)) === null
      ? null
      : {
          ...placeOf(etcdUrl),
          ...(await shown(host, `${kubernetes.pki}/apiserver-etcd-client`)),
        },
  // A member listens for others at the host's own address only: that of its API server.
  'etcd-peer': async (sources) => {
    const own = await apiServer(sources);
    if (own === null || (await sources.host.stat(`${etcdPki}/peer.crt`)) === null) return null;
    return {
      host: own.host,
      port: ETCD_PEER_PORT,
      ...(await shown(sources.host, `${etcdPki}/peer`)),
    };
  },
  kubelet: async ({ host }) =>
    (await host.stat(kubernetes.kubeletConfig)) === null
      ? null
      : { host: '127.0.0.1', port: KUBELET_PORT },
};

function placeOf(url: string): TlsPlace {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 443 : Number(port) };
}

async function shown(host: Host, base: string): Promise<Partial<TlsPlace>> {
  const [certificate, key] = await Promise.all([
    host.readFile(`${base}.crt`),
    host.readFile(`${base}.key`),
  ]);
  return certificate === null || key === null ? {} : { certificate, key };
}
