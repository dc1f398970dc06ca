// What the goals and the state of a cluster are judged by in one turn: the view, who is who, what the
// preflight found, and questions about them. Values only: a part that decides something returns it.
import { AppError } from '../../shared/errors.ts';
import type { NodeId } from '../../shared/model/ids.ts';
import type { EtcdEndpoint } from '../../shared/model/step.ts';
import { artifactNamesFor } from '../components/bill-of-materials.ts';
import type { ComponentName, Digests } from '../components/component.ts';
import { findArtifact, Materials } from '../components/materials.ts';
import type { GoalKey, GoalKind } from '../plan-records/goal-key.ts';
import type { ClusterRecord, PlanRecord } from '../store/records.ts';
import { isBlocking, type PreflightFault } from './preflight/check.ts';
import { etcdEndpoint, type Member, type Topology } from './topology.ts';
import type { ClusterView } from './view.ts';

export interface Situation {
  readonly view: ClusterView;
  readonly topology: Topology;
  /** As it stands after the transitions of this turn. */
  readonly cluster: ClusterRecord;
  readonly faults: readonly PreflightFault[];
  /** Those that block, by the name of the host or of the cluster. */
  readonly blocking: ReadonlyMap<string, readonly PreflightFault[]>;
  /** Plans of the cluster lane, by what they are about. */
  readonly acting: ReadonlyMap<string, readonly PlanRecord[]>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function situationOf(inputs: {
  readonly view: ClusterView;
  readonly topology: Topology;
  readonly faults: readonly PreflightFault[];
  readonly now: number;
}): Situation {
  const blocking = Map.groupBy(inputs.faults.filter(isBlocking), ({ node }) => node);
  const inCluster = inputs.view.nodes
    .flatMap(({ plans }) => plans.filter(({ lane }) => lane === 'cluster'))
    .sort((a, b) => a.issuedMs - b.issuedMs);
  const acting = Map.groupBy(inCluster, ({ goalKey }) => actingKey(goalKey));
  return { ...inputs, blocking, acting, cluster: inputs.view.cluster };
}

export const materialsOf = ({ cluster }: Situation, member: Member): Materials =>
  new Materials(cluster.lock, member.arch, cluster.spec);

/** Every artifact the member needs is locked and in the coordinator's store. */
export const hasArtifacts = ({ cluster, view }: Situation, member: Member): boolean =>
  artifactNamesFor(cluster.spec, member.pool.roles).every((name) => {
    const locked = findArtifact(cluster.lock, name, member.arch);
    return locked !== null && view.artifacts.stored.has(locked.sha256);
  });

export const passes = ({ blocking, cluster }: Situation, member: Member): boolean =>
  !blocking.has(member.name) && !blocking.has(cluster.name);

/** An agent can only tell after its first answer; until then the clock check has nothing to judge. */
export const isClockCompared = ({ cluster }: Situation, member: Member): boolean =>
  member.facts.clockSkewMs !== null ||
  cluster.ignoredChecks.some((check) => check === 'clock' || check === 'all');

/** Members by id, in that order; ids of hosts that are gone are passed over. */
const membersOf = ({ topology }: Situation, ids: readonly NodeId[]): readonly Member[] =>
  ids.flatMap((id) => topology.byId.get(id) ?? []);

/** Hosts chosen for the control plane; empty before they are. */
export const controlPlaneOf = (situation: Situation): readonly Member[] =>
  membersOf(situation, situation.cluster.controlPlane ?? []);

export const mastersOf = (situation: Situation): readonly Member[] =>
  membersOf(situation, situation.cluster.masters);

/** etcd's members: as agreed, and as they are going to be before anything is agreed. */
export const etcdOf = (situation: Situation): readonly EtcdEndpoint[] =>
  situation.cluster.etcd?.members.map(({ name, clientUrl, peerUrl }) => ({
    name,
    clientUrl,
    peerUrl,
  })) ?? controlPlaneOf(situation).map(etcdEndpoint);

/** Hosts of the etcd members that were agreed on. */
export const etcdHostsOf = (situation: Situation): readonly Member[] =>
  membersOf(situation, situation.cluster.etcd?.members.map(({ nodeId }) => nodeId) ?? []);

/** A master whose agent is there, to act on the cluster; null when none is. */
export const delegateOf = (situation: Situation): Member | null =>
  mastersOf(situation).find(({ node }) => node.online) ?? null;

/** Of the Kubernetes CA. @throws AppError invalid before it is known: then nothing can join it. */
export function recordedCa({ cluster }: Situation): string {
  if (cluster.caDigest !== null) return cluster.caDigest;
  throw new AppError('invalid', `the CA of cluster ${cluster.name} is not known yet`);
}

export const has = ({ node }: Member, component: ComponentName): boolean =>
  node.record.applied[component] !== undefined;

/** Laid down at least once; whether it still is what it should be is another question. */
export const isPrepared = (member: Member): boolean => has(member, 'kubernetes');

/** It is a node of the cluster. */
export const isNode = ({ cluster }: Situation, member: Member): boolean =>
  cluster.masters.includes(member.id) || has(member, 'node');

/** What version 0.1 laid down counts as what should be: a spec could not be changed under it. */
export const isCurrent = (member: Member, wanted: Digests): boolean =>
  Object.entries(wanted).every(([name, digest]) => {
    const applied = member.node.record.applied[name as ComponentName];
    return applied !== undefined && (applied.digest === null || applied.digest === digest);
  });

/** Hosts that are nodes: workers first, because pods run there. */
export const nodesOf = (situation: Situation): readonly Member[] => [
  ...situation.topology.workers.filter((worker) => has(worker, 'node')),
  ...mastersOf(situation),
];

/** Plans of the cluster lane about a subject, wherever they ran, oldest first. */
export const clusterPlans = (
  { acting }: Situation,
  kind: GoalKind,
  subject: string,
): readonly PlanRecord[] => acting.get(actingKey({ kind, subject })) ?? [];

const actingKey = ({ kind, subject }: Pick<GoalKey, 'kind' | 'subject'>): string =>
  `${kind} ${subject}`;

/** @param by who carries it out: a retry of either releases the goal */
export function goalKeyOf(
  { cluster, topology }: Situation,
  about: Pick<GoalKey, 'kind' | 'subject' | 'inputsDigest'>,
  by: Member,
): GoalKey {
  const subject = topology.byId.get(about.subject as NodeId);
  const ofSubject = subject === undefined || subject.id === by.id ? 0 : retriesOf(subject);
  return { ...about, generation: cluster.retryGeneration + retriesOf(by) + ofSubject };
}

const retriesOf = ({ node }: Member): number => node.record.retryGeneration;
