// Every certificate of every host and of the coordinator itself, as documents: when it ends in its file,
// what a running process shows in its place, and who renews it. The first to end is the first. Pure.
import { X509Certificate } from 'node:crypto';
import type {
  CertificateHealth,
  CertificateServer,
  HealthReport,
  ServedCertificate,
} from '../../shared/model/health.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { OwnCertificate } from '../keys/own-certificates.ts';
import { isRenewable } from '../planner/renewal/renewable.ts';
import type { RenewalStanding } from '../planner/renewal/standing.ts';
import type { CertificateDocument } from './documents.ts';
import type { Seen } from './node-documents.ts';

export interface CertificateSource {
  readonly own: readonly OwnCertificate[];
  readonly reportOf: (id: NodeId) => HealthReport | null;
  /** What their ends are compared with. */
  readonly now: number;
}

const nearMs = 30 * 24 * 3_600_000;

export function certificateDocuments(
  seen: readonly Seen[],
  source: CertificateSource,
): readonly CertificateDocument[] {
  const ofHosts = seen.flatMap(({ view, decision }) =>
    view.nodes
      .filter(({ record }) => record.state === 'active')
      .flatMap(({ record }) =>
        hostDocuments({
          node: record.name,
          cluster: view.cluster.name,
          report: source.reportOf(record.id),
          renewal: decision?.renewals?.[record.name] ?? null,
          now: source.now,
        }),
      ),
  );
  const own = source.own.map((one) => ownDocument(one, source.now));
  // What nobody knows comes last.
  const leftOf = ({ leftMs }: CertificateDocument): number => leftMs ?? Number.MAX_SAFE_INTEGER;
  return [...ofHosts, ...own].toSorted((a, b) => leftOf(a) - leftOf(b));
}

/** The file whose certificate each process is to show. */
const fileOf: Readonly<Record<CertificateServer, readonly string[]>> = {
  'kube-apiserver': ['/etc/kubernetes/pki/apiserver.crt'],
  etcd: ['/etc/etcd/pki/server.crt'],
  'etcd-peer': ['/etc/etcd/pki/peer.crt'],
  kubelet: ['/var/lib/kubelet/pki/kubelet-server-current.pem'],
};

interface HostCertificates {
  readonly node: string;
  readonly cluster: string;
  readonly report: HealthReport | null;
  readonly renewal: RenewalStanding | null;
  readonly now: number;
}

function hostDocuments(host: HostCertificates): readonly CertificateDocument[] {
  const { node, cluster, report, renewal, now } = host;
  const base = { node, cluster, now };
  const files = report?.certificates ?? 'unknown';
  if (files === 'unknown') {
    const subject = 'its agent has told of none';
    return [documentOf({ ...base, path: null, subject, file: null, served: null, renewal: '' })];
  }
  const told = report?.served ?? 'unknown';
  const served = told === 'unknown' ? [] : told;
  const shows = (path: string): ServedCertificate | null =>
    served.find(({ by }) => fileOf[by].includes(path)) ?? null;
  const ofFiles = files.map((file) =>
    documentOf({
      ...base,
      path: file.path,
      subject: file.subject,
      file,
      served: shows(file.path),
      renewal: renewalOf(file, renewal),
    }),
  );
  const paths = new Set(files.map(({ path }) => path));
  const alone = served.filter(({ by }) => !fileOf[by].some((path) => paths.has(path)));
  return [
    ...ofFiles,
    ...alone.map((one) =>
      documentOf({
        ...base,
        path: null,
        subject: `${one.subject} (${one.by})`,
        file: null,
        served: one,
        renewal: one.by === 'kubelet' ? 'signs itself: nobody checks it' : '',
      }),
    ),
  ];
}

interface Told {
  readonly node: string;
  readonly cluster: string | null;
  readonly path: string | null;
  readonly subject: string;
  readonly file: Pick<CertificateHealth, 'notAfterMs' | 'sha256'> | null;
  readonly served: ServedCertificate | null;
  readonly renewal: string;
  readonly now: number;
}

function documentOf({ node, cluster, path, subject, file, served, renewal, now }: Told) {
  const ends = [file?.notAfterMs, served?.notAfterMs].filter((ms) => ms !== undefined);
  const leftMs = ends.length === 0 ? null : Math.min(...ends) - now;
  // A kubelet that has no certificate of the cluster makes one for itself, which nobody checks.
  const counts = file !== null || served?.by !== 'kubelet';
  const document: CertificateDocument = {
    kind: 'Certificate',
    name: `${node}:${path ?? served?.by ?? 'unknown'}`,
    node,
    cluster,
    path,
    subject,
    notAfterMs: file?.notAfterMs ?? null,
    served:
      served === null
        ? null
        : {
            by: served.by,
            notAfterMs: served.notAfterMs,
            isOfFile: file === null ? null : served.sha256 === file.sha256,
          },
    leftMs,
    isNearEnd: counts && leftMs !== null && leftMs < nearMs,
    renewal,
    labels: { node },
  };
  return document;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function renewalOf(file: CertificateHealth, standing: RenewalStanding | null): string {
  if (file.path.startsWith('/var/lib/kubelet/')) return 'by the kubelet';
  if (!isRenewable(file)) return 'not: an authority';
  switch (standing?.kind) {
    case undefined:
      return 'by Muster';
    case 'later':
      return standing.dueMs === null ? 'by Muster' : `by Muster, on ${day(standing.dueMs)}`;
    case 'next':
    case 'under-way':
      return 'by Muster, now';
    case 'change':
      return `by Muster, after ${standing.name}`;
    case 'rollout':
      return `by Muster, after rollout ${standing.rollout}`;
    case 'away':
      return 'by Muster, once its agent calls';
    case 'held':
      return `failed: ${standing.why}`;
  }
}

function ownDocument({ path, pem, isServed }: OwnCertificate, now: number): CertificateDocument {
  const { subject, validToDate } = new X509Certificate(pem);
  const notAfterMs = validToDate.getTime();
  return {
    kind: 'Certificate',
    name: `coordinator:${path}`,
    node: 'coordinator',
    cluster: null,
    path,
    subject: subject.split('\n').join(', '),
    notAfterMs,
    served: isServed ? { by: 'coordinator', notAfterMs, isOfFile: true } : null,
    leftMs: notAfterMs - now,
    isNearEnd: notAfterMs - now < nearMs,
    renewal: isServed ? 'by the coordinator, in its last year' : 'not: an authority',
    labels: { node: 'coordinator' },
  };
}
