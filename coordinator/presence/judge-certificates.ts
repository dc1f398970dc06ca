// Certificates near their end, one problem per family of them: what is to be done is the same for all
// of a family. Pure; what they are compared with is given.
import type { CertificateFact } from '../../shared/model/facts.ts';
import { isRenewable } from '../planner/renewal/renewable.ts';
import type { HostFacts } from './judge-host.ts';
import type { CertificateFamily, Problem } from './problem.ts';

const dayMs = 24 * 3_600_000;
const warningMs = 30 * dayMs;
const errorMs = 7 * dayMs;

/** @param now what the ends are compared with */
export function judgeCertificates({ host, report, fault }: HostFacts, now: number): Problem[] {
  const { certificates } = report;
  if (certificates === 'unknown') {
    return host.has.runtime ? [fault('part-unknown', { part: 'certificates' })] : [];
  }
  const near = certificates.filter(({ notAfterMs }) => notAfterMs - now < warningMs);
  const families = Map.groupBy(near, familyOf);
  return [...families].flatMap(([family, members]) => {
    const [first] = members.toSorted((a, b) => a.notAfterMs - b.notAfterMs);
    if (first === undefined) return [];
    const leftMs = first.notAfterMs - now;
    const params = {
      family,
      count: members.length,
      path: first.path,
      days: Math.floor(leftMs / dayMs),
      endsMs: first.notAfterMs,
      renewal: isRenewable(first) ? host.renewal : null,
    };
    const severity = leftMs < errorMs ? 'error' : 'warning';
    const problem = fault('certificate-ends', params, { severity });
    // Since it came near, and not since somebody looked.
    const nearSinceMs = first.notAfterMs - warningMs;
    return [{ ...problem, sinceMs: nearSinceMs }];
  });
}

function familyOf({ path }: CertificateFact): CertificateFamily {
  if (path.startsWith('/var/lib/kubelet/')) return 'kubelet';
  return /etcd/.test(path) ? 'etcd' : 'kubernetes';
}
