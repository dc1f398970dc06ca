// The only file of the transcripts that knows how the planner names things: goals, waits, faults,
// phases and the cluster's record. It turns each into the words an operator sees, so that another
// shape of the planner is a change here and in no golden file.
import { showWait } from '../../coordinator/operator/wait-sentences.ts';
import type { Decision, PlanDraft } from '../../coordinator/planner/decision.ts';
import type {
  ClusterRecord,
  OperatorRequest,
  PlanRecord,
} from '../../coordinator/store/records.ts';
import type { PlanningWorld } from '../support/planning-world.ts';

/** What a plan is for, as operators read it: "prepare host". */
export const goalOf = (plan: PlanDraft | PlanRecord): string => plan.goal;

/** 1 for the first plan of a goal. */
export const attemptOf = (plan: PlanDraft | PlanRecord): number => plan.attempt;

export interface ToldWait {
  readonly subject: string;
  readonly isHeld: boolean;
  /** Without the subject: "waits for the first master". */
  readonly sentence: string;
  readonly endsWhen: string;
  readonly sinceMs: number;
}

export const waitsOf = (decision: Decision, now: number): readonly ToldWait[] =>
  decision.waits
    .map((wait) => showWait(wait, now))
    .map((wait) => ({
      subject: wait.subject,
      isHeld: wait.kind === 'held',
      sentence: wait.for,
      endsWhen: wait.endsWhen,
      sinceMs: wait.sinceMs,
    }));

/** Node name to the one word of `get nodes`. */
export const phasesOf = (decision: Decision): Readonly<Record<string, string>> => decision.phases;

/** One sentence per failed check, host first. */
export const faultsOf = (decision: Decision): readonly string[] =>
  decision.faults.map(
    ({ node, severity, check, found, needed, mend }) =>
      `${node}: ${severity} [${check}] found ${found}, needed ${needed}; ${mend}`,
  );

/** When time alone may change the decision. */
export const wakeOf = (decision: Decision): number | null => decision.wakeAtMs;

export interface RecordWords {
  readonly nameOf: (nodeId: string) => string;
  readonly timeOf: (atMs: number) => string;
}

/** What has been decided for good about a cluster, one line per thing; nothing for what is not yet. */
export function recordLines(cluster: ClusterRecord, words: RecordWords): readonly string[] {
  const names = (ids: readonly string[]): string => ids.map(words.nameOf).join(', ');
  const { controlPlane, change, masters, etcd, caDigest, retryGeneration } = cluster;
  return [
    `control plane: ${controlPlane === null ? 'not chosen' : names(controlPlane)}`,
    `etcd: ${etcd === null ? 'not started' : 'every member healthy'}`,
    `Kubernetes CA: ${caDigest ?? 'none'}`,
    `masters: ${masters.length === 0 ? 'none' : names(masters)}`,
    change === null
      ? 'change under way: none'
      : `change under way: ${change.kind} of ${names(change.subjects)}, begun ${words.timeOf(change.beganMs)}`,
    `retries: ${retryGeneration}`,
  ];
}

/** What `coordinator retry NODE` does to the world. */
export function retry(world: PlanningWorld, name: string): void {
  const nodes = world.view.nodes.map((node) => {
    if (node.record.name !== name) return node;
    const { retryGeneration } = node.record;
    return { ...node, record: { ...node.record, retryGeneration: retryGeneration + 1 } };
  });
  world.view = { ...world.view, nodes };
}

/** `coordinator apply --ignore CHECK`. */
export function ignoreCheck(world: PlanningWorld, check: string): void {
  changeRecord(world, { ignoredChecks: [...world.view.cluster.ignoredChecks, check] });
}

/** What operators have asked for by now. */
export function askFor(world: PlanningWorld, requests: readonly OperatorRequest[]): void {
  world.view = { ...world.view, requests };
}

/** `apply` of a spec with another schedule of snapshots. */
export function setSchedule(world: PlanningWorld, schedule: string): void {
  const { spec } = world.view.cluster;
  const snapshots = { ...spec.etcd.snapshots, schedule };
  changeRecord(world, { spec: { ...spec, etcd: { ...spec.etcd, snapshots } } });
}

export function setRecoveryKey(world: PlanningWorld): void {
  changeRecord(world, {
    recoveryKey: { publicKey: 'a2V5', fingerprint: 'abcd', setMs: world.now },
  });
}

/** The coordinator's store has every artifact but these. */
export function lackArtifacts(world: PlanningWorld, names: readonly string[]): void {
  const stored = world.view.cluster.lock.artifacts.filter(({ name }) => !names.includes(name));
  const digests = new Set(stored.map(({ sha256 }) => sha256));
  world.view = { ...world.view, artifacts: { stored: digests, pulling: false } };
}

function changeRecord(world: PlanningWorld, change: Partial<ClusterRecord>): void {
  world.view = { ...world.view, cluster: { ...world.view.cluster, ...change } };
}

/** As the record is left by `apply`, with another pool of workers. */
export function applyToWorkers(world: PlanningWorld, change: object): void {
  const { cluster } = world.view;
  const { spec, lock } = cluster;
  const pools = spec.pools.map((pool) => (pool.name === 'workers' ? { ...pool, ...change } : pool));
  const specGeneration = cluster.specGeneration + 1;
  const wanted = { generation: specGeneration, from: { spec, lock } };
  world.view = {
    ...world.view,
    cluster: { ...cluster, spec: { ...spec, pools }, specGeneration, wanted },
  };
}
