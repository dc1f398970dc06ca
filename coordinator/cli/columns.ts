// The columns of every kind's table. Wide ones come with -o wide.
import { formatAge, formatRest, formatTook } from '../../shared/duration.ts';
import type {
  ArtifactDocument,
  CertificateDocument,
  ClusterDocument,
  Document,
  DocumentKind,
  EtcdMemberDocument,
  EventDocument,
  NodeDocument,
  OperatorDocument,
  PlanDocument,
  PoolDocument,
  SnapshotDocument,
  TokenDocument,
} from '../operator/documents.ts';
import type { RolloutDocument } from '../operator/rollout-documents.ts';
import { shorten } from './table.ts';

export interface Column {
  readonly header: string;
  readonly isWide: boolean;
  read(document: Document, now: number): string | number | null;
}

type Read<D> = (document: D, now: number) => string | number | null;

/** Documents of a list are of that list's kind: the coordinator made them. */
function column<D extends Document>(header: string, read: Read<D>, isWide = false): Column {
  return { header, isWide, read: (document, now) => read(document as D, now) };
}

const wide = <D extends Document>(header: string, read: Read<D>): Column =>
  column(header, read, true);

const nodes: readonly Column[] = [
  column<NodeDocument>('NAME', (node) => node.name),
  column<NodeDocument>('POOL', (node) => node.pool),
  column<NodeDocument>('STATUS', (node) => node.status),
  column<NodeDocument>('VERSION', (node) => node.version),
  column<NodeDocument>('ADDRESS', (node) => node.address),
  column<NodeDocument>('AGE', (node, now) => formatAge(now - node.joinedMs)),
  column<NodeDocument>('DOING', (node) => shorten(doing(node), 72)),
  wide<NodeDocument>('ID', (node) => node.id),
  wide<NodeDocument>('STATE', (node) => node.state),
  wide<NodeDocument>('PHASE', (node) => node.phase),
  wide<NodeDocument>('REASON', (node) => node.health.problems[0]?.what ?? null),
  wide<NodeDocument>('SINCE', (node, now) => ago(node.health.problems[0]?.sinceMs ?? null, now)),
  wide<NodeDocument>('MEASURED', (node, now) => ago(node.health.measuredMs, now)),
  wide<NodeDocument>('LAST POLL', (node, now) => ago(node.lastPollMs, now)),
  wide<NodeDocument>('OS', (node) => node.os),
  wide<NodeDocument>('KERNEL', (node) => node.kernel),
  wide<NodeDocument>('ARCH', (node) => node.architecture),
  wide<NodeDocument>('AGENT', (node) => node.agentVersion),
];

/** The plan it works on, what is wrong with it, or why it waits. */
export function doing(node: NodeDocument): string {
  const plan = node.plans[0];
  if (plan !== undefined) {
    const step = plan.step === null ? '' : `: ${plan.step}`;
    const work = `${plan.goal} (${plan.doneSteps}/${plan.steps})${step}`;
    // Nobody knows what a host does that does not call.
    return node.online ? work : `was doing ${work} when last heard`;
  }
  return node.health.problems[0]?.what ?? node.waits[0]?.for ?? '';
}

const pools: readonly Column[] = [
  column<PoolDocument>('NAME', (pool) => pool.name),
  column<PoolDocument>('CLUSTER', (pool) => pool.cluster),
  column<PoolDocument>('ROLES', (pool) => pool.roles.join(',')),
  column<PoolDocument>('SIZE', (pool) => pool.size),
  column<PoolDocument>('JOINED', (pool) => pool.joined),
  column<PoolDocument>('READY', (pool) => pool.ready),
];

const clusters: readonly Column[] = [
  column<ClusterDocument>('NAME', (cluster) => cluster.name),
  column<ClusterDocument>('VERSION', (cluster) => cluster.version),
  column<ClusterDocument>('PHASE', (cluster) => cluster.phase),
  column<ClusterDocument>('HEALTH', (cluster) => cluster.health.state),
  column<ClusterDocument>('READY', (cluster) => `${cluster.ready}/${cluster.joined}`),
  column<ClusterDocument>('ETCD', ({ health: { quorum } }) =>
    quorum === null ? null : `${quorum.healthy}/${quorum.voters}`,
  ),
  column<ClusterDocument>('MASTERS', (cluster) => cluster.masters.join(',')),
  column<ClusterDocument>(
    'ARTIFACTS',
    ({ artifacts }) => `${artifacts.stored}/${artifacts.locked} ${artifacts.state}`,
  ),
  column<ClusterDocument>('BACKUP', ({ backup }, now) => backupOf(backup, now)),
  column<ClusterDocument>('AGE', (cluster, now) => formatAge(now - cluster.createdMs)),
  wide<ClusterDocument>('REASON', (cluster) => cluster.health.problems[0]?.what ?? null),
  wide<ClusterDocument>('MEASURED', (cluster, now) => ago(cluster.health.measuredMs, now)),
  wide<ClusterDocument>('CA', (cluster) => cluster.caDigest),
];

const plans: readonly Column[] = [
  column<PlanDocument>('ID', (plan) => plan.planId),
  column<PlanDocument>('NODE', (plan) => plan.nodeName),
  column<PlanDocument>('GOAL', (plan) => plan.goal),
  column<PlanDocument>('STATE', (plan) =>
    plan.refusal === null ? plan.state : `${plan.state} (${plan.refusal})`,
  ),
  column<PlanDocument>('STEPS', (plan) => {
    const over = plan.steps.filter(({ state }) => state === 'satisfied' || state === 'changed');
    return `${over.length}/${plan.steps.length}`;
  }),
  column<PlanDocument>('CHANGED', (plan) => plan.changedSteps),
  column<PlanDocument>('ATTEMPT', (plan) => plan.attempt),
  column<PlanDocument>('TOOK', (plan) => {
    if (plan.acceptedMs === null || plan.finishedMs === null) return null;
    return formatTook(plan.finishedMs - plan.acceptedMs);
  }),
  column<PlanDocument>('AGE', (plan, now) => formatAge(now - plan.issuedMs)),
  wide<PlanDocument>('LANE', (plan) => plan.lane),
  wide<PlanDocument>('SEQUENCE', (plan) => `${plan.epoch}/${plan.sequence}`),
  wide<PlanDocument>('ERROR', (plan) => plan.error?.message ?? plan.message),
];

const rollouts: readonly Column[] = [
  column<RolloutDocument>('NAME', (rollout) => rollout.name),
  column<RolloutDocument>('FROM', (rollout) => rollout.fromVersion),
  column<RolloutDocument>('TO', (rollout) => rollout.toVersion),
  column<RolloutDocument>('STATE', (rollout) => rollout.state),
  column<RolloutDocument>('DONE', (rollout) => `${rollout.done}/${rollout.total}`),
  column<RolloutDocument>('AGE', (rollout, now) =>
    rollout.beganMs === null ? null : formatAge(now - rollout.beganMs),
  ),
  column<RolloutDocument>('TOOK', ({ beganMs, endedMs }) =>
    beganMs === null || endedMs === null ? null : formatTook(endedMs - beganMs),
  ),
  column<RolloutDocument>('WHAT', (rollout) =>
    shorten(rollout.what === '' ? (rollout.troubles[0] ?? '') : rollout.what, 72),
  ),
  wide<RolloutDocument>('GENERATION', (rollout) => rollout.generation),
  wide<RolloutDocument>('BY', (rollout) => rollout.by),
  wide<RolloutDocument>('SNAPSHOT', (rollout) => rollout.snapshot?.path ?? null),
];

const tokens: readonly Column[] = [
  column<TokenDocument>('ID', (token) => token.name),
  column<TokenDocument>('POOL', (token) => token.pool),
  column<TokenDocument>('STATE', (token) => token.state),
  column<TokenDocument>('USED', (token) => `${token.usedBy.length}/${token.uses}`),
  column<TokenDocument>('EXPIRES', (token, now) =>
    token.expiresMs > now ? `in ${formatRest(token.expiresMs - now)}` : ago(token.expiresMs, now),
  ),
  column<TokenDocument>('USED BY', (token) => token.usedBy.join(',')),
  wide<TokenDocument>('CLUSTER', (token) => token.cluster),
  wide<TokenDocument>('ONLY FOR', (token) => token.nodeName),
  wide<TokenDocument>('FROM', (token) => token.sourceRange),
  wide<TokenDocument>('STANDING', (token) => (token.standing ? 'yes' : 'no')),
];

const operators: readonly Column[] = [
  column<OperatorDocument>('NAME', (operator) => operator.name),
  column<OperatorDocument>('ROLE', (operator) => operator.role),
  column<OperatorDocument>('STATE', (operator) => operator.state),
  column<OperatorDocument>('CERTIFICATE', ({ expiresMs }, now) => end(expiresMs, now)),
  column<OperatorDocument>('LOGIN TOKEN', ({ loginExpiresMs }, now) => end(loginExpiresMs, now)),
  column<OperatorDocument>('LOGGED IN', ({ loggedInMs }, now) => ago(loggedInMs, now)),
  column<OperatorDocument>('FROM', (operator) => operator.loggedInFrom),
  wide<OperatorDocument>('KEY', (operator) => operator.key?.slice(0, 16) ?? null),
];

const events: readonly Column[] = [
  column<EventDocument>('TIME', (event) => new Date(event.atMs).toISOString()),
  column<EventDocument>('LEVEL', (event) => event.level),
  column<EventDocument>('NODE', (event) => event.node),
  column<EventDocument>('PLAN', (event) => event.planId),
  column<EventDocument>('WHAT', (event) => event.text),
  wide<EventDocument>('STEP', (event) => event.stepId),
];

const artifacts: readonly Column[] = [
  column<ArtifactDocument>('NAME', (artifact) => artifact.name),
  column<ArtifactDocument>('VERSION', (artifact) => artifact.version),
  column<ArtifactDocument>('ARCH', (artifact) => artifact.arch),
  column<ArtifactDocument>('KIND', (artifact) => artifact.type),
  column<ArtifactDocument>('SIZE', (artifact) => formatSize(artifact.size)),
  column<ArtifactDocument>('SHA256', (artifact) => artifact.sha256.slice(0, 12)),
  column<ArtifactDocument>('STORED', (artifact) => (artifact.stored ? 'yes' : 'no')),
  wide<ArtifactDocument>('URL', (artifact) => artifact.url),
  wide<ArtifactDocument>('REFERENCE', (artifact) => artifact.reference),
];

const certificates: readonly Column[] = [
  column<CertificateDocument>('NODE', (certificate) => certificate.node),
  column<CertificateDocument>('CERTIFICATE', ({ path, subject }) => path ?? subject),
  column<CertificateDocument>('ENDS', ({ notAfterMs }) => day(notAfterMs)),
  column<CertificateDocument>('LEFT', ({ leftMs }) => daysLeft(leftMs)),
  column<CertificateDocument>('SERVED', ({ served }) => servedSaid(served)),
  column<CertificateDocument>('RENEWED', (certificate) => certificate.renewal),
  wide<CertificateDocument>('SUBJECT', (certificate) => certificate.subject),
];

const day = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString().slice(0, 10);

const daysLeft = (ms: number | null): string | null => {
  if (ms === null) return null;
  return ms < 0 ? 'ended' : `${Math.floor(ms / 86_400_000)} d`;
};

const servedSaid = (served: CertificateDocument['served']): string | null => {
  if (served === null) return null;
  if (served.isOfFile !== false) return `by ${served.by}`;
  return `${served.by} serves another: ${day(served.notAfterMs)}`;
};

const snapshots: readonly Column[] = [
  column<SnapshotDocument>('NAME', (one) => one.name),
  column<SnapshotDocument>('REVISION', (one) => one.revision),
  column<SnapshotDocument>('HASH', (one) => one.hash),
  column<SnapshotDocument>('SIZE', (one) => formatSize(one.bytes)),
  column<SnapshotDocument>('ON HOST', (one) => one.node),
  column<SnapshotDocument>('COPY', copyOf),
  column<SnapshotDocument>('AGE', (one, now) => formatAge(now - one.takenMs)),
  wide<SnapshotDocument>('CLUSTER', (one) => one.cluster),
  wide<SnapshotDocument>('PATH', (one) => one.path),
  wide<SnapshotDocument>('RECOVERY KEY', (one) => one.sealed?.key ?? null),
];

const etcdMembers: readonly Column[] = [
  column<EtcdMemberDocument>('NAME', (member) => member.name),
  column<EtcdMemberDocument>('STATE', (member) => member.state),
  column<EtcdMemberDocument>('ROLE', roleOf),
  column<EtcdMemberDocument>('VERSION', (member) => member.version),
  column<EtcdMemberDocument>('DB SIZE', (member) => sizeOf(member.databaseBytes)),
  column<EtcdMemberDocument>('IN USE', (member) => sizeOf(member.inUseBytes)),
  column<EtcdMemberDocument>('RAFT TERM', (member) => member.raftTerm),
  column<EtcdMemberDocument>('RAFT INDEX', (member) => member.raftIndex),
  column<EtcdMemberDocument>('ALARMS', (member) => member.alarms.join(',')),
  column<EtcdMemberDocument>('SINCE', (member, now) => ago(member.sinceMs, now)),
  wide<EtcdMemberDocument>('ID', (member) => member.id),
  wide<EtcdMemberDocument>('QUOTA', (member) => sizeOf(member.quotaBytes)),
  wide<EtcdMemberDocument>('MEASURED', (member, now) => ago(member.measuredMs, now)),
  wide<EtcdMemberDocument>('REASON', (member) => member.message),
];

function copyOf({ sealed, copiedMs }: SnapshotDocument): string {
  if (copiedMs !== null) return 'yes';
  return sealed === null ? 'no' : 'on its way';
}

function roleOf({ isLeader, isLearner }: EtcdMemberDocument): string | null {
  if (isLeader === null) return null;
  if (isLeader) return 'leader';
  return isLearner === true ? 'learner' : 'follower';
}

function sizeOf(bytes: number | null): string | null {
  return bytes === null ? null : formatSize(bytes);
}

function backupOf({ lastMs, lastCopiedMs, recoveryKey }: ClusterDocument['backup'], now: number) {
  if (lastMs === null) return null;
  if (recoveryKey === null) return 'masters only';
  return lastCopiedMs === null ? 'not copied' : ago(lastCopiedMs, now);
}

const columns: Readonly<Record<DocumentKind, readonly Column[]>> = {
  nodes,
  pools,
  clusters,
  plans,
  rollouts,
  tokens,
  operators,
  events,
  artifacts,
  certificates,
  snapshots,
  'etcd-members': etcdMembers,
};

export const columnsOf = (kind: DocumentKind): readonly Column[] => columns[kind];

export const formatSize = (bytes: number): string =>
  bytes < 1024 * 1024
    ? `${Math.ceil(bytes / 1024)} KiB`
    : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

const end = (ms: number | null, now: number): string | null => {
  if (ms === null) return null;
  return ms > now ? `ends in ${formatRest(ms - now)}` : `ended ${ago(ms, now)}`;
};

const ago = (ms: number | null, now: number): string | null =>
  ms === null ? null : `${formatAge(now - ms)} ago`;
