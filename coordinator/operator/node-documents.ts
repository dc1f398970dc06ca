// Nodes, pools and clusters as documents: from the view and the latest decision. Pure.

import type { HealthReport } from '../../shared/model/health.ts';
import { isFinal } from '../../shared/model/plan.ts';
import type { PullState } from '../artifacts/artifact-provider.ts';
import { artifactArchitecture } from '../components/materials.ts';
import type { Decision } from '../planner/decision.ts';
import { nodeAddress } from '../planner/node-address.ts';
import type { Phase } from '../planner/phase.ts';
import { FIRST_RUN } from '../planner/snapshots.ts';
import type { ClusterView, NodeView } from '../planner/view.ts';
import { isHeld } from '../planner/wait.ts';
import type { ClusterHealth, HostHealth } from '../presence/judge-health.ts';
import type { PlanRecord } from '../store/records.ts';
import type { ClusterDocument, NodeDocument, PoolDocument } from './documents.ts';
import { clusterHealthDocument, hostHealthDocument, nodeStatus } from './health-documents.ts';
import { runningPlan } from './running-plan.ts';
import { backupDocument } from './snapshot-documents.ts';
import type { ShownWait } from './wait-sentences.ts';

export interface Seen {
  readonly view: ClusterView;
  readonly decision: Decision | null;
  /** The decision's waits in words, by whom they are about. */
  readonly waits: ReadonlyMap<string, readonly ShownWait[]>;
  readonly health: ClusterHealth;
}

const phaseOf = ({ decision }: Seen, node: NodeView): Phase =>
  decision?.phases[node.record.name] ??
  (node.record.state === 'active' ? 'joined' : node.record.state);

/** A host that is no member any more was not judged. */
const healthOf = ({ health }: Seen, node: NodeView): HostHealth =>
  health.hosts.get(node.record.name) ?? {
    name: node.record.name,
    isNode: false,
    state: 'unknown',
    measuredMs: null,
    problems: [],
  };

/** Its API says so, and it was measured; something else may be wrong there. */
const isReady = ({ isNode, state }: HostHealth): boolean =>
  isNode && (state === 'healthy' || state === 'degraded');

function statusOf(seen: Seen, node: NodeView): string {
  const { isNode, state } = healthOf(seen, node);
  if (node.record.state !== 'active') return node.record.state;
  return isNode || state === 'away' ? nodeStatus[state] : phaseOf(seen, node);
}

/** @param report what the host measured; only with one that is asked for by name */
export function nodeDocument(
  seen: Seen,
  node: NodeView,
  report: HealthReport | null | undefined,
): NodeDocument {
  const { record } = node;
  const health = healthOf(seen, node);
  const { spec } = seen.view.cluster;
  const pool = spec.pools.find(({ name }) => name === record.pool);
  const facts = node.facts?.facts ?? null;
  const installed = facts === null || facts.installed === 'unknown' ? {} : facts.installed;
  const document: NodeDocument = {
    kind: 'Node',
    name: record.name,
    id: record.id,
    cluster: record.cluster,
    pool: record.pool,
    roles: pool?.roles ?? [],
    labels: { pool: record.pool, ...pool?.labels, ...spec.hosts[record.name]?.labels },
    state: record.state,
    phase: phaseOf(seen, node),
    status: statusOf(seen, node),
    ready: isReady(health),
    health: hostHealthDocument(health),
    online: node.online,
    address:
      facts === null || pool === undefined ? null : nodeAddress(facts, record.name, { spec, pool }),
    architecture: facts === null ? null : artifactArchitecture(facts.architecture),
    os: facts === null || facts.os === 'unknown' ? null : facts.os.pretty,
    kernel: facts === null || facts.kernel === 'unknown' ? null : facts.kernel.release,
    version: installed['kubelet'] ?? null,
    agentVersion: facts?.agentVersion ?? null,
    joinedMs: record.joinedMs,
    lastPollMs: node.lastPollMs,
    doing: [node.doing.host, node.doing.cluster].filter((text) => text !== ''),
    plans: node.plans.filter((plan) => !isFinal(plan.state)).map(runningPlan),
    waits: seen.waits.get(record.name) ?? [],
    changedSteps: node.plans.reduce((sum, plan) => sum + plan.changedSteps, 0),
  };
  if (report === undefined) return document;
  return {
    ...document,
    details: {
      joinedFrom: record.joinedFrom,
      tokenId: record.tokenId,
      counter: record.counter,
      sequence: record.sequence,
      faults: (seen.decision?.faults ?? []).filter((fault) => fault.node === record.name),
      factsReportedMs: node.factsToldMs,
      facts,
      applied: record.applied,
      healthReport: report,
    },
  };
}

const membersOf = ({ view }: Seen, pool: string): readonly NodeView[] =>
  view.nodes.filter(({ record }) => record.pool === pool && record.state === 'active');

export function poolDocuments(seen: Seen): PoolDocument[] {
  const { cluster } = seen.view;
  return cluster.spec.pools.map((pool) => {
    const mine = membersOf(seen, pool.name);
    return {
      kind: 'Pool',
      name: pool.name,
      cluster: cluster.name,
      roles: pool.roles,
      size: pool.size ?? null,
      joined: mine.length,
      ready: mine.filter((node) => isReady(healthOf(seen, node))).length,
      labels: pool.labels,
    };
  });
}

export function clusterDocument(
  seen: Seen,
  { pull, now }: { readonly pull: PullState | null; readonly now: number },
): ClusterDocument {
  const { view, decision } = seen;
  const { cluster, nodes } = view;
  const active = nodes.filter((node) => node.record.state === 'active');
  const stored = cluster.lock.artifacts.filter(({ sha256 }) => view.artifacts.stored.has(sha256));
  const missing = cluster.lock.artifacts.length - stored.length;
  const nameOf = new Map(nodes.map((node) => [node.record.id, node.record.name]));
  return {
    kind: 'Cluster',
    name: cluster.name,
    version: cluster.spec.kubernetes.version,
    phase: clusterPhase(seen),
    createdMs: cluster.createdMs,
    masters: cluster.masters.map((id) => nameOf.get(id) ?? id),
    joined: active.length,
    ready: active.filter((node) => isReady(healthOf(seen, node))).length,
    health: clusterHealthDocument(seen.health),
    waits: [...seen.waits.values()].flat(),
    faults: decision?.faults ?? [],
    ignoredChecks: cluster.ignoredChecks,
    caDigest: cluster.caDigest,
    labels: {},
    artifacts: {
      locked: cluster.lock.artifacts.length,
      stored: stored.length,
      state: missing === 0 ? 'complete' : (pull?.state ?? 'missing'),
      message: missing === 0 ? null : (pull?.message ?? null),
    },
    backup: backupDocument(cluster, now),
    spec: cluster.spec,
  };
}

/** What is done for etcd while a cluster lives is no part of its install. */
const isOfInstall = ({ state, goalKey: { kind, subject } }: PlanRecord): boolean =>
  !isFinal(state) &&
  kind !== 'copy-snapshot' &&
  kind !== 'defragment' &&
  (kind !== 'snapshot' || subject === FIRST_RUN);

/** Of the whole: ready when every sized pool is full and every active host of it has become a node. */
function clusterPhase(seen: Seen): ClusterDocument['phase'] {
  const isFull = seen.view.cluster.spec.pools.every(({ name, size }) => {
    const joined = membersOf(seen, name);
    const nodes = joined.filter((node) => healthOf(seen, node).isNode);
    return nodes.length >= (size ?? joined.length) && joined.length > 0;
  });
  const busy = seen.view.nodes.some(({ plans }) => plans.some(isOfInstall));
  if (isFull && !busy && seen.view.cluster.masters.length > 0) return 'ready';
  if (!busy && (seen.decision?.waits ?? []).some(isHeld)) return 'held';
  return seen.view.cluster.controlPlane === null ? 'waiting' : 'installing';
}
