// Which certificates on a host Muster makes anew, and when: the leaves of its control plane and of its
// etcd member. Authorities are never touched, kubelets renew their own. Pure.
import type { CertificateHealth } from '../../../shared/model/health.ts';

const kubernetes = '/etc/kubernetes';

/** By what they are in; each is served or shown by a process of the host, or used by people on it. */
const renewable: ReadonlySet<string> = new Set([
  ...['peer', 'server'].map((name) => `/etc/etcd/pki/${name}.crt`),
  ...['apiserver', 'apiserver-kubelet-client', 'front-proxy-client', 'apiserver-etcd-client'].map(
    (name) => `${kubernetes}/pki/${name}.crt`,
  ),
  ...['admin', 'super-admin', 'controller-manager', 'scheduler'].map(
    (name) => `${kubernetes}/${name}.conf`,
  ),
]);

export const isRenewable = ({ path }: Pick<CertificateHealth, 'path'>): boolean =>
  renewable.has(path);

const dayMs = 24 * 3_600_000;
/** Less than this is left of one that lives long. */
const longestRestMs = 30 * dayMs;

/** From when on it is renewed: a third of its life is left, thirty days at most. */
export function dueMs({
  notAfterMs,
  notBeforeMs,
}: Pick<CertificateHealth, 'notAfterMs' | 'notBeforeMs'>): number {
  const lifeMs = notBeforeMs === undefined ? Number.POSITIVE_INFINITY : notAfterMs - notBeforeMs;
  return notAfterMs - Math.min(longestRestMs, lifeMs / 3);
}
