// Nodes, pools and clusters as documents: from the view and the latest decision. Pure.
import { isFinal } from '../../shared/model/plan.ts';
import type { PullState } from '../artifacts/artifact-provider.ts';
import { artifactArchitecture } from '../components/materials.ts';
import type { Decision } from '../planner/decision.ts';
import { nodeAddress } from '../planner/node-address.ts';
import type { Phase } from '../planner/phase.ts';
import type { ClusterView, NodeView } from '../planner/view.ts';
import { isHeld } from '../planner/wait.ts';
import type { PlanRecord } from '../store/records.ts';
import type { ClusterDocument, NodeDocument, PoolDocument, RunningPlan } from './documents.ts';
import { type ShownWait, showWait } from './wait-sentences.ts';

export interface Seen {
  readonly view: ClusterView;
  readonly decision: Decision | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const waitsOf = ({ decision, now }: Seen): readonly ShownWait[] =>
  (decision?.waits ?? []).map((wait) => showWait(wait, now));

const readyPhases: ReadonlySet<Phase> = new Set(['ready', 'ready, agent away']);
export const isReady = (phase: Phase): boolean => readyPhases.has(phase);

const phaseOf = ({ decision }: Seen, node: NodeView): Phase =>
  decision?.phases[node.record.name] ??
  (node.record.state === 'active' ? 'joined' : node.record.state);

export function nodeDocument(seen: Seen, node: NodeView, withDetails: boolean): NodeDocument {
  const { record } = node;
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
    waits: waitsOf(seen).filter(({ subject }) => subject === record.name),
    changedSteps: node.plans.reduce((sum, plan) => sum + plan.changedSteps, 0),
  };
  if (!withDetails) return document;
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
    },
  };
}

function runningPlan(plan: PlanRecord): RunningPlan {
  const isOver = (state: string): boolean => state === 'satisfied' || state === 'changed';
  const current =
    plan.steps.find((step) => step.state === 'running') ??
    plan.steps.find((step) => step.state === 'pending');
  const kinds = plan.stages.flatMap((stage) => stage.steps);
  return {
    planId: plan.planId,
    goal: plan.goal,
    lane: plan.lane,
    state: plan.state,
    step: kinds.find((step) => step.id === current?.stepId)?.id ?? null,
    doneSteps: plan.steps.filter((step) => isOver(step.state)).length,
    steps: plan.steps.length,
  };
}

export function poolDocuments(seen: Seen): PoolDocument[] {
  const { cluster, nodes } = seen.view;
  return cluster.spec.pools.map((pool) => {
    const mine = nodes.filter(
      (node) => node.record.pool === pool.name && node.record.state === 'active',
    );
    return {
      kind: 'Pool',
      name: pool.name,
      cluster: cluster.name,
      roles: pool.roles,
      size: pool.size ?? null,
      joined: mine.length,
      ready: mine.filter((node) => isReady(phaseOf(seen, node))).length,
      labels: pool.labels,
    };
  });
}

export function clusterDocument(seen: Seen, pull: PullState | null): ClusterDocument {
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
    ready: active.filter((node) => isReady(phaseOf(seen, node))).length,
    waits: waitsOf(seen),
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
    spec: cluster.spec,
  };
}

/** Of the whole: ready when every sized pool is full and every active host of it is a Ready node. */
function clusterPhase(seen: Seen): ClusterDocument['phase'] {
  const pools = poolDocuments(seen);
  const isFull = pools.every((pool) => pool.ready >= (pool.size ?? pool.joined) && pool.joined > 0);
  const busy = seen.view.nodes.some((node) => node.plans.some((plan) => !isFinal(plan.state)));
  if (isFull && !busy && seen.view.cluster.masters.length > 0) return 'ready';
  if (!busy && (seen.decision?.waits ?? []).some(isHeld)) return 'held';
  return seen.view.cluster.controlPlane === null ? 'waiting' : 'installing';
}
