// Coordinators that do it wrong: what they store, what they decide, what they answer.
import type { Decide } from '../../../coordinator/coordinator.ts';
import { decide } from '../../../coordinator/planner/decide.ts';
import type { Decision } from '../../../coordinator/planner/decision.ts';
import type { ClusterView } from '../../../coordinator/planner/view.ts';
import { keys } from '../../../coordinator/store/records.ts';
import type { Store } from '../../../coordinator/store/store.ts';
import type { Stage } from '../../../shared/model/plan.ts';
import type { Life } from '../core/life.ts';
import type { Fleet, Seams } from '../fleet.ts';
import type { Bug } from './bug.ts';

const deciding = (wrong: Decide): Seams => ({ coordinator: { decide: wrong } });

const withStages =
  (change: (stages: readonly Stage[]) => readonly Stage[]): Decide =>
  (view, now) => {
    const decision = decide(view, now);
    const issue = decision.issue.map((draft) => ({ ...draft, stages: change(draft.stages) }));
    return { ...decision, issue };
  };

/** The next master does not wait for the one before. */
function impatient(view: ClusterView, now: number): Decision {
  const decision = decide(view, now);
  const { change, masters, controlPlane } = decision.cluster ?? view.cluster;
  const other = controlPlane?.find((id) => !masters.includes(id) && change?.delegate !== id);
  if (change?.kind !== 'join' || other === undefined) return decision;
  const own = { ...change, subjects: [other], delegate: other };
  const second = decide({ ...view, cluster: { ...view.cluster, change: own } }, now);
  const joins = second.issue.filter(
    ({ nodeId, goalKey }) => nodeId === other && goalKey.kind === 'join',
  );
  return { ...decision, issue: [...decision.issue, ...joins] };
}

/** What was stored in the last moments before a death is as it was before. */
function unsyncedStore(): Seams {
  let fleet: Fleet | null = null;
  const wrapStore = (store: Store, life: Life): Store => {
    const recent: {
      key: string;
      before: { text: string; revision: number } | undefined;
      atMs: number;
    }[] = [];
    const disk = () => (fleet as Fleet).coordinator.disk;
    life.whenKilled(() => {
      for (const { key, before, atMs } of recent.reverse()) {
        if (atMs < life.scheduler.nowMs - 1_000) continue;
        disk().revision += 1;
        if (before === undefined) disk().records.delete(key);
        else disk().records.set(key, { text: before.text, revision: disk().revision });
      }
    });
    return {
      ...store,
      put: async (key, value, expected) => {
        const before = disk().records.get(key);
        const result = await store.put(key, value, expected);
        recent.push({ key, before, atMs: life.scheduler.nowMs });
        return result;
      },
    };
  };
  const build = (made: Fleet): void => {
    fleet = made;
  };
  return { build, coordinator: { wrapStore } };
}

/** A number is taken, and not written down. */
const forgetsNumbers = (store: Store): Store => ({
  ...store,
  put: async (key, value, expected) => {
    if (!key.startsWith(keys.nodes)) return await store.put(key, value, expected);
    const stored = await store.get<{ sequence: object }>(key);
    const isNumber =
      stored !== null &&
      JSON.stringify({ ...stored.value, sequence: (value as { sequence: object }).sequence }) ===
        JSON.stringify(value);
    return isNumber
      ? { kind: 'stored', revision: expected }
      : await store.put(key, value, expected);
  },
});

/** A plan that was sent is not sent again. */
function sendsOnce(store: Store): Store {
  const sent = new Set<string>();
  return {
    ...store,
    get: async (key) => {
      if (!key.startsWith(keys.envelopes)) return await store.get(key);
      if (sent.has(key)) return null;
      sent.add(key);
      return await store.get(key);
    },
  };
}

export const coordinatorBugs: readonly Bug[] = [
  {
    name: 'the store says that it has what it loses',
    caughtBy: 'in its store after every crash',
    seed: 11,
    seams: unsyncedStore,
  },
  {
    name: 'numbers of plans are not written down',
    caughtBy: 'gives each number out once',
    seed: 1,
    seams: () => ({ coordinator: { wrapStore: forgetsNumbers } }),
  },
  {
    name: 'a plan is sent once',
    caughtBy: 'everything converges',
    seed: 1,
    seams: () => ({ coordinator: { wrapStore: sendsOnce } }),
  },
  {
    name: 'the next master does not wait',
    caughtBy: 'two changes',
    seed: 1,
    seams: () => deciding(impatient),
  },
  {
    name: 'gates are left out',
    caughtBy: 'without its gate',
    seed: 1,
    seams: () => deciding(withStages((stages) => stages.filter(({ title }) => title !== 'gate'))),
  },
  {
    name: 'disrupting steps are said to be calm',
    caughtBy: 'old answer',
    seed: 6,
    seams: () =>
      deciding(
        withStages((stages) =>
          stages.map((stage) => ({
            ...stage,
            steps: stage.steps.map((step) =>
              step.effect === 'disrupt'
                ? { ...step, effect: 'change' as const, beginWithinSeconds: null }
                : step,
            ),
          })),
        ),
      ),
  },
  {
    name: 'a failure is final',
    caughtBy: 'everything converges',
    seed: 3,
    seams: () =>
      deciding((view, now) => {
        const decision = decide(view, now);
        return { ...decision, issue: decision.issue.filter(({ attempt }) => attempt === 1) };
      }),
  },
];
