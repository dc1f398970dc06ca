// The words for what is wrong with a host itself: away, not measured, its disks, clock, certificates.
import type { RenewalStanding } from '../planner/renewal/standing.ts';
import { formatBytes } from './format-bytes.ts';
import { ONLINE_MS } from './polls.ts';
import type { CertificateFamily, MissingPart, ProblemCode, ProblemParams } from './problem.ts';
import type { SentencesOf } from './problem-sentences.ts';

export const hostSentences = {
  'agent-away': ({ isNode, isMaster }, host) => ({
    what: 'is away: its agent does not call (the host is off, cut from the network, or its agent is stopped)',
    means: awayMeans(isNode, isMaster),
    mend: `it calls again (switch ${host} on; on it: \`systemctl status muster-agent\`)`,
  }),
  'agent-trouble': ({ trouble, sentence }, host) => ({
    what: `has an agent that begins no step: ${sentence === '' ? trouble : sentence}`,
    means: 'what runs there goes on, and nothing is changed or mended by Muster',
    mend: `the agent works again (on ${host}: \`journalctl -u muster-agent\`)`,
  }),
  'facts-claimed': ({ claims }, host) => ({
    what: `reports what is another’s and was not its own when it joined: ${claimsSaid(claims)}`,
    means: 'it is a copy, two hosts have one address, or its agent does not tell the truth',
    mend: `it reports its own again, or you remove it (\`coordinator node ban ${host}\`)`,
  }),
  'not-measured': (params, host) => ({
    means: 'nothing is known of it',
    ...unmeasured(params, host),
  }),
  'part-missing': ({ part }) => ({
    what: `has lost its ${parts[part].name}: ${parts[part].path} is not there`,
    means: 'what was installed there does not work any more',
    mend: 'it is put back',
  }),
  'part-unknown': ({ part }, host) => ({
    what: `does not tell about its ${part}: the probe fails`,
    means: 'what is wrong there would not be seen',
    mend: `the probe works again (on ${host}: \`journalctl -u muster-agent\`)`,
  }),
  'certificate-ends': ({ family, count, path, days, endsMs, renewal }, host) => ({
    what: certificatesSaid({ count, path, days, endsMs }),
    means: certificateMeans[family],
    mend: renewalSaid(family, renewal, host),
  }),
  'disk-low': ({ path, freeBytes, totalBytes }) => ({
    what: `has ${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} left at ${path}`,
    means: 'Kubernetes evicts pods and removes images; etcd and the agent stop when it is full',
    mend: 'room is made',
  }),
  'memory-low': ({ availableBytes, totalBytes }) => ({
    what: `has ${formatBytes(availableBytes)} of ${formatBytes(totalBytes)} memory left`,
    means: 'the kernel soon ends processes',
    mend: 'memory is freed or added',
  }),
  'clock-unkept': ({ service }, host) => ({
    what: `has a clock that nothing keeps${service === null ? '' : ` (${service} has not synchronized it)`}`,
    means: 'certificates and etcd need clocks that agree',
    mend: `a time service runs (on ${host}: \`timedatectl\`), or the check is ignored (\`apply --ignore clock\`)`,
  }),
  'clock-off': ({ aheadMs }, host) => ({
    what: `has a clock that is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the coordinator’s`,
    means: 'certificates and etcd need clocks that agree',
    mend: `it is set (on ${host}: \`chronyc makestep\` or \`timedatectl set-ntp true\`)`,
  }),
} as const satisfies Partial<SentencesOf<ProblemCode>>;

function awayMeans(isNode: boolean, isMaster: boolean): string {
  if (!isNode) return 'it is no node of the cluster yet; its install goes on when it is back';
  if (isMaster) return 'whether its API server and its etcd member work is not known';
  return 'Kubernetes moves its pods to other nodes after five minutes';
}

function unmeasured(
  { cause, agentVersion }: ProblemParams['not-measured'],
  host: string,
): { readonly what: string; readonly mend: string } {
  const agent = `its agent (${agentVersion === '' ? 'of unknown version' : agentVersion})`;
  switch (cause) {
    case 'starting':
      return {
        what: 'has not called since the coordinator started',
        mend: `its agent calls; it is missed ${ONLINE_MS / 1000} s after the start`,
      };
    case 'none':
      return {
        what: `was not measured: ${agent} tells nothing of its health`,
        mend: `it measures (on ${host}: \`journalctl -u muster-agent\`)`,
      };
    case 'old':
      return {
        what: `was not measured for over a minute, although ${agent} calls`,
        mend: `it measures again (on ${host}: \`systemctl restart muster-agent\`)`,
      };
    case 'unreadable':
      return {
        what: `was not measured: ${agent} sends reports that cannot be read`,
        mend: 'agent and coordinator are of versions that fit',
      };
  }
}

const parts: Readonly<Record<MissingPart, { readonly name: string; readonly path: string }>> = {
  kubelet: { name: 'kubelet', path: '/etc/kubernetes/kubelet.conf' },
  'api-server': { name: 'API server', path: '/etc/kubernetes/manifests/kube-apiserver.yaml' },
  etcd: { name: 'etcd member', path: '/var/lib/etcd/member' },
};

const claimsShown = 3;

function claimsSaid(claims: ProblemParams['facts-claimed']['claims']): string {
  const shown = claims
    .slice(0, claimsShown)
    .map(({ field, value, owner }) => `${field} ${value} of ${owner}`);
  const more = claims.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function certificatesSaid(
  of: Pick<ProblemParams['certificate-ends'], 'count' | 'path' | 'days' | 'endsMs'>,
): string {
  const { count, path, days, endsMs } = of;
  const date = new Date(endsMs).toISOString().slice(0, 10);
  const when =
    days < 0 ? `ended on ${date}` : `ends on ${date}, in ${days} day${days === 1 ? '' : 's'}`;
  if (count === 1) return `has a certificate near its end: ${path} ${when}`;
  return `has ${count} certificates near their end: the first, ${path}, ${when}`;
}

const certificateMeans: Readonly<Record<CertificateFamily, string>> = {
  kubernetes: 'with it the control plane of this host stops working',
  etcd: 'with it the etcd member of this host is lost to the others',
  kubelet: 'with it the node turns NotReady',
};

/** One clause: that it is renewed by itself and when, or why not. */
function renewalSaid(
  family: CertificateFamily,
  renewal: RenewalStanding | null,
  host: string,
): string {
  if (family === 'kubelet')
    return `the kubelet has renewed it (on ${host}: \`journalctl -u kubelet\`, \`kubectl get csr\`)`;
  const byHand = `\`coordinator certificates renew ${host}\` does it now`;
  switch (renewal?.kind) {
    case undefined:
      return 'another is in its place: this one is not renewed by Muster';
    case 'later':
      return renewal.dueMs === null
        ? 'its agent has told of it: then it is renewed by itself'
        : `it is renewed by itself on ${new Date(renewal.dueMs).toISOString().slice(0, 10)}; ${byHand}`;
    case 'next':
    case 'under-way':
      return 'it is renewed, which Muster does by itself and is about to';
    case 'change':
      return `it is renewed by itself, after ${renewal.name}: one master at a time`;
    case 'rollout':
      return `it is renewed by itself, after rollout ${renewal.rollout} (\`coordinator rollout pause\` lets it go first)`;
    case 'away':
      return 'its agent calls: then it is renewed by itself';
    case 'held':
      return `you mend what is in the way and run \`coordinator retry ${host}\`; renewing it failed: ${renewal.why}`;
  }
}
