// The words for what is wrong with etcd: of one member, and of all of them together.
import { formatBytes } from './format-bytes.ts';
import type { ProblemCode, ProblemParams } from './problem.ts';
import type { SentencesOf } from './problem-sentences.ts';

type Quorum = ProblemParams['etcd-reduced'];

export const etcdSentences = {
  'etcd-silent': ({ message }, host) => ({
    what: `has an etcd member that answers no read (${message})`,
    means: 'it is no part of a majority',
    mend: `it answers (on ${host}: \`journalctl -u etcd\`)`,
  }),
  'etcd-alarm': ({ alarm }) => ({
    what: `has an etcd member that raises the alarm ${alarm}`,
    means: alarm === 'NOSPACE' ? 'the cluster takes no writes' : 'its data differ from the others’',
    mend:
      alarm === 'NOSPACE'
        ? 'it is compacted and defragmented, and `etcdctl alarm disarm` was run'
        : 'the member is replaced',
  }),
  'etcd-space': ({ databaseBytes, quotaBytes }) => ({
    what: `has an etcd database of ${formatBytes(databaseBytes)} of at most ${formatBytes(quotaBytes)}`,
    means: 'when it is full the cluster takes no writes',
    mend: 'it is compacted and defragmented (`etcdctl defrag`)',
  }),
  'etcd-reduced': (quorum) => ({
    what: `has ${count(quorum)}${without(quorum)}`,
    means: `it needs ${quorum.needed}: ${spare(quorum)}`,
    mend: back(quorum),
  }),
  'etcd-quorum-lost': (quorum) => ({
    what: `has ${count(quorum)}${without(quorum)}, and needs ${quorum.needed}`,
    means: 'the cluster takes no change; pods that run go on',
    mend: `${toCome(quorum)} back`,
  }),
  'etcd-leaderless': (quorum) => ({
    what: `has ${quorum.voters === 1 ? 'an etcd member' : `${quorum.voters} etcd members`} without a leader`,
    means: 'the cluster takes no change; pods that run go on',
    mend: 'they reach each other on port 2380 and elect one (`journalctl -u etcd` on them)',
  }),
  'etcd-members-differ': ({ listed, agreed }) => ({
    what: `has other etcd members than were agreed: ${listed.join(', ')} instead of ${agreed.join(', ')}`,
    means: 'somebody else changed the membership; the quorum is counted over those that are listed',
    mend: 'they are the same again (`etcdctl member list` on a master)',
  }),
} as const satisfies Partial<SentencesOf<ProblemCode>>;

const count = ({ voters, healthy, unknown }: Quorum): string =>
  unknown.length === 0
    ? `${healthy} of ${voters} etcd members`
    : `${healthy} of ${voters} etcd members that are known to be up`;

function without({ missing, unknown }: Quorum): string {
  const said = [
    ...(missing.length === 0 ? [] : [`without ${missing.join(', ')}`]),
    ...(unknown.length === 0 ? [] : [`nothing is known of ${unknown.join(', ')}`]),
  ];
  return ` (${said.join('; ')})`;
}

function spare({ voters, missing, unknown, needed }: Quorum): string {
  const left = voters - missing.length - needed;
  if (unknown.length > 0 || left < 0) return 'whether one more may be lost is not known';
  if (left === 0) return 'one more lost stops the cluster';
  return `${left} more may be lost, the next one stops the cluster`;
}

function back({ missing, unknown }: Quorum): string {
  const are = (names: readonly string[]): string =>
    `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'}`;
  return missing.length === 0 ? `${are(unknown)} measured again` : `${are(missing)} back`;
}

function toCome({ voters, missing, needed }: Quorum): string {
  const short = needed - (voters - missing.length);
  if (missing.length === 1) return `${missing.join()} is`;
  return `${short === missing.length ? '' : `${short} of `}${missing.join(', ')} ${short === 1 ? 'is' : 'are'}`;
}
