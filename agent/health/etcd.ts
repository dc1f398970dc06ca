// The etcd member of this host, over its own client port: whether it answers a linearizable read, and
// what it says of itself and of the others. Through etcd's JSON gateway: no process is started for it.
import { isAbort } from '../../shared/errors.ts';
import type { Known } from '../../shared/model/facts.ts';
import type { EtcdHealth, EtcdMemberSeen } from '../../shared/model/health.ts';
import { unwantedAnswer } from '../host/kube-api.ts';
import type { KubeCredentials } from '../host/kubeconfig.ts';
import { answered, type HealthSources, whyNot } from './health-sources.ts';
import type { Since } from './since.ts';

const data = '/var/lib/etcd/member';
/** The API server's credential, which every master has. */
const files = {
  ca: '/etc/kubernetes/pki/etcd/ca.crt',
  certificate: '/etc/kubernetes/pki/apiserver-etcd-client.crt',
  key: '/etc/kubernetes/pki/apiserver-etcd-client.key',
};
const databaseStep = 1024 * 1024;
const indexStep = 1_000;

/** Null on a host without an etcd member. */
export async function etcdHealth(sources: HealthSources): Promise<EtcdHealth | null> {
  const { host, signal } = sources;
  if ((await host.stat(data)) === null) return null;
  const credentials = await credentialsOf(sources);
  if (credentials === null) return null;
  const ask = async (path: string, body: object): Promise<unknown> => {
    const { ownEtcd, limitMs } = sources;
    const answer = await ownEtcd.request('POST', path, { credentials, body, limitMs });
    if (answer.status !== 200) throw unwantedAnswer(`etcd ${path}`, answer);
    return answer.body;
  };
  const [read, status, members] = await Promise.allSettled([
    // Not serializable: only a member of a majority can answer.
    ask('/v3/kv/range', { key: Buffer.from('health').toString('base64') }),
    ask('/v3/maintenance/status', {}),
    ask('/v3/cluster/member/list', {}),
  ]);
  signal.throwIfAborted();
  const failed = [read, status, members].find(
    (outcome) => outcome.status === 'rejected' && isAbort(outcome.reason),
  );
  if (failed?.status === 'rejected') throw failed.reason;
  const fault = read.status === 'rejected' ? whyNot(read.reason) : null;
  return {
    read: answered(sources, 'etcd', fault),
    status: status.status === 'fulfilled' ? statusOf(status.value, sources.since) : 'unknown',
    members: members.status === 'fulfilled' ? membersOf(members.value) : 'unknown',
  };
}

async function credentialsOf({ host, etcdUrl }: HealthSources): Promise<KubeCredentials | null> {
  const [ca, certificate, key] = await Promise.all([
    host.readFile(files.ca),
    host.readFile(files.certificate),
    host.readFile(files.key),
  ]);
  if (ca === null || certificate === null || key === null) return null;
  return { server: etcdUrl, ca, certificate, key };
}

/** The gateway writes 64-bit numbers as texts and leaves out what is 0, false or empty. */
interface StatusAnswer {
  readonly header?: { readonly member_id?: string };
  readonly leader?: string;
  readonly isLearner?: boolean;
  readonly dbSize?: string;
  readonly dbSizeQuota?: string;
  readonly dbSizeInUse?: string;
  readonly raftIndex?: string;
  readonly raftTerm?: string;
  readonly version?: string;
  readonly errors?: readonly string[];
}

function statusOf(
  body: unknown,
  since: Since,
): Exclude<EtcdHealth['status'], 'unknown'> | 'unknown' {
  const told = body as StatusAnswer | null;
  const memberId = told?.header?.member_id;
  if (memberId === undefined) return 'unknown';
  const alarms = (told?.errors ?? []).flatMap((error) => /alarm: ?(\w+)/.exec(error)?.[1] ?? []);
  return {
    memberId,
    leaderId: told?.leader ?? null,
    learner: told?.isLearner === true,
    databaseBytes: inSteps(told?.dbSize),
    quotaBytes: Number(told?.dbSizeQuota ?? 0),
    inUseBytes: inSteps(told?.dbSizeInUse),
    raftIndex: Math.floor(Number(told?.raftIndex ?? 0) / indexStep) * indexStep,
    raftTerm: Number(told?.raftTerm ?? 0),
    ...(told?.version === undefined ? {} : { version: told.version }),
    alarms: [...new Set(alarms)]
      .sort()
      .map((name) => ({ name, sinceMs: since.of('etcd-alarms', alarms.join()) })),
  };
}

const inSteps = (bytes: string | undefined): number =>
  Math.round(Number(bytes ?? 0) / databaseStep) * databaseStep;

interface MembersAnswer {
  readonly members?: readonly {
    readonly ID?: string;
    readonly name?: string;
    readonly peerURLs?: readonly string[];
    readonly isLearner?: boolean;
  }[];
}

function membersOf(body: unknown): Known<readonly EtcdMemberSeen[]> {
  const { members } = (body ?? {}) as MembersAnswer;
  if (!Array.isArray(members)) return 'unknown';
  return (members as NonNullable<MembersAnswer['members']>)
    .map((member) => ({
      id: member.ID ?? '0',
      name: member.name ?? '',
      peerUrls: [...(member.peerURLs ?? [])].sort(),
      learner: member.isLearner === true,
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
