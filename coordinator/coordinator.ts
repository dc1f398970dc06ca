// The loop of the coordinator: look at everything, decide, store what was decided, issue plans, wait
// for a change. Level-triggered: it keeps nothing between turns that it could not read again, so a
// restart at any moment is the same as going on.
import type { Clock } from '../shared/clock.ts';
import { isAbort, toAppError } from '../shared/errors.ts';
import { following } from '../shared/following.ts';
import type { Logger } from '../shared/log.ts';
import type { NodeId } from '../shared/model/ids.ts';
import type { AppliedNews } from './components/component.ts';
import type { RefusedJoins } from './enrollment/refused-joins.ts';
import type { AuditLog } from './events/audit-log.ts';
import { createSweep, sweepLeft } from './identity/sweep.ts';
import { givesUpAtMs, giveUp } from './plan-records/give-up.ts';
import { createGoOnBook, type Decided } from './plan-records/go-on-book.ts';
import { type IssueDependencies, issuePlans } from './plan-records/issue-plans.ts';
import type { Plans } from './plan-records/plans.ts';
import { plansToDrop, requestsToDrop } from './plan-records/retention.ts';
import { stopUnwantedPlan } from './plan-records/stop-unwanted-plan.ts';
import type { Decision } from './planner/decision.ts';
import type { ClusterView } from './planner/view.ts';
import { ONLINE_MS, type Polls } from './presence/polls.ts';
import type { ReadModel, Snapshot } from './read-model.ts';
import { createSnapshotKeeping } from './snapshots/keep-snapshots.ts';
import type { SnapshotFolder } from './snapshots/snapshot-folder.ts';
import { changeSignal } from './store/change-signal.ts';
import { type ClusterRecord, keys, type NodeRecord, type PlanRecord } from './store/records.ts';
import { type Store, type Stored, update } from './store/store.ts';

export type Decide = (view: ClusterView, now: number) => Decision;

export interface CoordinatorDependencies {
  readonly store: Store;
  readonly polls: Polls;
  readonly model: ReadModel;
  readonly clock: Clock;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly plans: Plans;
  readonly refused: RefusedJoins;
  readonly issue: IssueDependencies;
  readonly decide: Decide;
  /** Where copies of snapshots are; only those that the cluster's record names have a place. */
  readonly snapshots: Pick<SnapshotFolder, 'keepOnly'>;
}

export interface Coordinator {
  /** Runs until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
  /** One turn over every cluster; when time alone may change something. */
  turn(): Promise<number | null>;
  /** Null before the first decision of this process. Joins refused as duplicates are among its waits. */
  latestDecision(cluster: string): Decision | null;
  /** Null when there is no such cluster. */
  view(cluster: string): Promise<ClusterView | null>;
  /** Whether a host that asks may go on with a plan. */
  goOn(planId: string): Decided | null;
  /** Something outside the store changed, such as the artifacts. */
  touch(): void;
}

/** Changes come in bursts: a few milliseconds save most of the turns. */
const settleMs = 10;
const afterFailureMs = 2_000;

export function createCoordinator(deps: CoordinatorDependencies): Coordinator {
  const latest = new Map<string, Decision>();
  const goOn = createGoOnBook();
  const touches = changeSignal(0);
  let touched = 0;
  /** What the last turn saw. */
  let decisive = 0;

  /** A host that goes on with its plan changes the store with every step, and no decision. */
  const waitForNews = async (seen: Seen): Promise<void> => {
    let { store } = seen;
    for (;;) {
      await waitForChange(deps, { ...seen, store });
      const isDue = deps.clock.boot() >= seen.wakeBootMs;
      const isNews = deps.polls.revision() !== seen.polls || touched !== seen.touched;
      if (isDue || isNews) return;
      store = await deps.store.revision();
      if ((await deps.model.refresh()).decisive !== decisive) return;
    }
  };

  const sweep = createSweep(deps);
  const keepSnapshots = createSnapshotKeeping(deps);

  const turn = async (): Promise<number | null> => {
    await sweep();
    const snapshot = await deps.model.refresh();
    decisive = snapshot.decisive;
    let wakeAtMs: number | null = null;
    for (const cluster of snapshot.clusters) {
      try {
        wakeAtMs = earliest([
          wakeAtMs,
          await turnOf(cluster, await snapshot.viewOf(cluster.value)),
        ]);
      } catch (thrown) {
        // One cluster's trouble is not another's.
        deps.log.error(
          { err: thrown, clusterId: cluster.value.name },
          'a cluster could not be decided',
        );
        latest.set(cluster.value.name, undecided(cluster.value.name, thrown, deps.clock.now()));
        wakeAtMs = earliest([wakeAtMs, deps.clock.now() + afterFailureMs]);
      }
    }
    forgetGone(latest, snapshot);
    // Open polls of nodes that may not poll any more end now.
    for (const { id, state } of snapshot.nodes) if (state !== 'active') deps.issue.wake(id);
    return wakeAtMs;
  };

  const turnOf = async (
    cluster: Stored<ClusterRecord>,
    view: ClusterView,
  ): Promise<number | null> => {
    await giveUpOld(deps, view);
    const decision = deps.decide(view, deps.clock.now());
    latest.set(cluster.value.name, decision);
    takeGoOn(view, decision);
    await act(deps, cluster, decision);
    await dropOld(deps, view);
    await keepSnapshots(decision.cluster ?? cluster.value);
    await sweepLeft(deps, view.nodes, deps.clock.now());
    return earliest([decision.wakeAtMs, wakeForTime(view, deps.clock.now())]);
  };

  /** A host that waits for the word has it with its open poll. */
  const takeGoOn = (view: ClusterView, decision: Decision): void => {
    const news = goOn.take(view.cluster.name, decision.goOn, deps.clock.now());
    for (const { planId, nodeId } of view.nodes.flatMap(({ plans }) => plans))
      if (news.includes(planId)) deps.issue.wake(nodeId);
  };

  return {
    turn,
    goOn: goOn.of,
    async run(signal) {
      while (!signal.aborted) {
        try {
          const seen = {
            polls: deps.polls.revision(),
            touched,
            store: await deps.store.revision(),
          };
          const wakeAtMs = await turn();
          const wakeBootMs = deps.clock.boot() + pauseMs(wakeAtMs, deps.clock.now());
          await waitForNews({ ...seen, touches, wakeBootMs, signal });
        } catch (thrown) {
          // A stop ends a wait; the loop sees the signal itself.
          if (isAbort(thrown)) continue;
          deps.log.error({ err: thrown }, 'a turn of the coordinator failed');
          await pause(deps.clock, signal);
        }
      }
    },
    latestDecision(cluster) {
      const decision = latest.get(cluster);
      if (decision === undefined) return null;
      return { ...decision, waits: [...decision.waits, ...deps.refused.waits(cluster)] };
    },
    async view(name) {
      const snapshot = await deps.model.refresh();
      const cluster = snapshot.clusters.find(({ value }) => value.name === name);
      return cluster === undefined ? null : await snapshot.viewOf(cluster.value);
    },
    touch() {
      touched += 1;
      touches.advance(touched);
    },
  };
}

/** An old decision would tell operators of a cluster that nobody looks at any more. */
const undecided = (cluster: string, thrown: unknown, now: number): Decision => ({
  issue: [],
  cluster: null,
  applied: [],
  goOn: [],
  waits: [
    {
      subject: cluster,
      reason: { code: 'undecidable', why: toAppError(thrown).message },
      sinceMs: now,
    },
  ],
  faults: [],
  wakeAtMs: null,
  phases: {},
});

/** The cluster record first: it holds what was decided, and the plans follow from it. */
async function act(
  deps: CoordinatorDependencies,
  cluster: Stored<ClusterRecord>,
  decision: Decision,
): Promise<void> {
  if (decision.cluster !== null) {
    const key = keys.cluster(cluster.value.name);
    const result = await deps.store.put(key, decision.cluster, cluster.revision);
    // The store has changed, so the next turn is due at once; nothing is issued on an old view.
    if (result.kind === 'conflict') return;
  }
  for (const news of decision.applied) await recordApplied(deps.store, news);
  for (const nodeId of decision.gone ?? []) await recordGone(deps.store, nodeId);
  for (const plan of decision.stop ?? []) {
    if (await stopUnwantedPlan(deps, plan)) deps.issue.wake(plan.nodeId);
  }
  await issuePlans(deps.issue, decision.issue);
}

/** Before the plans it follows from may be dropped, and once: the same news again changes nothing. */
async function recordApplied(store: Store, { nodeId, applied }: AppliedNews): Promise<void> {
  await update<NodeRecord>(store, keys.node(nodeId), (current) =>
    current === null ? null : { ...current, applied: { ...current.applied, ...applied } },
  );
}

async function recordGone(store: Store, nodeId: NodeId): Promise<void> {
  await update<NodeRecord>(store, keys.node(nodeId), (current) =>
    current === null || current.isGone === true ? null : { ...current, isGone: true },
  );
}

/** @param view as it was before this turn: what it decided on is still there in the next one */
async function dropOld(deps: CoordinatorDependencies, view: ClusterView): Promise<void> {
  const now = deps.clock.now();
  for (const request of requestsToDrop(view.requests, now)) {
    const stored = await deps.store.get(keys.request(request.id));
    if (stored !== null) await deps.store.delete(stored.key, stored.revision);
  }
  for (const { plans } of view.nodes) {
    for (const plan of droppable(plans, now)) await deps.plans.drop(plan.planId);
  }
}

/** Of most hosts nothing is to be dropped, and their list is the same as it was in the last turn. */
const nothingToDrop = new WeakMap<readonly PlanRecord[], number>();
const lookAgainMs = 60_000;

function droppable(plans: readonly PlanRecord[], now: number): readonly PlanRecord[] {
  if (now < (nothingToDrop.get(plans) ?? 0)) return [];
  const drop = plansToDrop(plans, now);
  if (drop.length === 0) nothingToDrop.set(plans, now + lookAgainMs);
  return drop;
}

async function giveUpOld(deps: CoordinatorDependencies, view: ClusterView): Promise<void> {
  const now = deps.clock.now();
  for (const plan of view.nodes.flatMap((node) => node.plans)) {
    if (giveUp(plan, now) === null) continue;
    const change = await deps.plans.change(plan.planId, (record) => giveUp(record, now) ?? record);
    if (change === null || change.before.state === change.after.state) continue;
    const { planId, nodeId, state } = change.after;
    await deps.audit.append('plan-given-up', { planId, nodeId, reason: state });
    deps.issue.wake(nodeId);
  }
}

/** When the view changes by time alone: a node that goes offline, a plan that is given up. */
function wakeForTime(view: ClusterView, now: number): number | null {
  const offline = view.nodes.map((node) =>
    node.online && node.lastPollMs !== null ? node.lastPollMs + ONLINE_MS : null,
  );
  const plans = view.nodes.flatMap((node) => node.plans).map(givesUpAtMs);
  return earliest([...offline, ...plans].filter((atMs) => atMs !== null && atMs > now));
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function forgetGone(latest: Map<string, Decision>, snapshot: Snapshot): void {
  const names = new Set(snapshot.clusters.map(({ value }) => value.name));
  for (const name of latest.keys()) if (!names.has(name)) latest.delete(name);
}

interface Seen {
  readonly store: number;
  readonly polls: number;
  readonly touched: number;
  readonly touches: ReturnType<typeof changeSignal>;
  readonly wakeBootMs: number;
  readonly signal: AbortSignal;
}

const longestSleepMs = 60 * 60 * 1000;
/** A decision that wants to be woken in the past must not spin. */
const shortestSleepMs = 100;

const pauseMs = (wakeAtMs: number | null, now: number): number =>
  wakeAtMs === null
    ? longestSleepMs
    : Math.min(Math.max(wakeAtMs - now, shortestSleepMs), longestSleepMs);

async function waitForChange(deps: CoordinatorDependencies, seen: Seen): Promise<void> {
  const wait = following(seen.signal);
  const { signal } = wait;
  const ends = [
    deps.store.changed(seen.store, signal),
    deps.polls.changed(seen.polls, signal),
    seen.touches.above(seen.touched, signal),
    deps.clock.sleep(Math.max(0, seen.wakeBootMs - deps.clock.boot()), signal),
  ];
  try {
    await Promise.race(ends);
  } finally {
    wait.end();
    await Promise.allSettled(ends);
  }
  await deps.clock.sleep(settleMs, seen.signal);
}

async function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(afterFailureMs, signal);
  } catch (thrown) {
    if (!isAbort(thrown)) throw thrown;
  }
}
