import { describe, expect, test } from 'vitest';
import { openPlans } from '../../../coordinator/plan-records/plans.ts';
import { createPolls, ONLINE_MS, type PollTold } from '../../../coordinator/presence/polls.ts';
import { createReadModel, type ReadModel } from '../../../coordinator/read-model.ts';
import { keys, type PlanRecord } from '../../../coordinator/store/records.ts';
import type { Store } from '../../../coordinator/store/store.ts';
import { memoryStore } from '../../fakes/store.ts';
import { aCluster, aNode, planFrom, startMs } from '../../support/cluster-builders.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { aDraft, aStepProgress } from '../../support/plan-builders.ts';

const w1 = aNode('w1', 21);
const w2 = aNode('w2', 22);

async function aWorld() {
  const store = memoryStore();
  const clock = manualClock();
  const polls = createPolls(clock);
  const model = createReadModel({
    store,
    polls,
    artifacts: async () => ({ stored: new Set(), pulling: false }),
  });
  await store.put(keys.cluster('lab'), aCluster(), 0);
  for (const { record, facts } of [w1, w2]) {
    await store.put(keys.node(record.id), record, 0);
    await store.put(keys.facts(record.id), facts, 0);
  }
  return { store, clock, polls, model };
}

async function viewOf(model: ReadModel) {
  const snapshot = await model.refresh();
  return await snapshot.viewOf(snapshot.clusters[0]!.value);
}

const nodeIn = async (model: ReadModel, name: string) =>
  (await viewOf(model)).nodes.find(({ record }) => record.name === name);

async function addPlan(store: Store, number: number) {
  const plans = await openPlans(store);
  const record = { ...planFrom(aDraft(w1), number, startMs + number), state: 'done' as const };
  await plans.add(record, { planId: record.planId, envelope: {} as never });
  return { plans, record };
}

const told: PollTold = {
  instanceId: 'i',
  poll: 1,
  bootId: 'b',
  agentVersion: '1',
  factsDigest: 'd',
  lanes: [],
  journalId: 'j',
  journalEnd: 0,
  trouble: null,
};

describe('the read model', () => {
  test('shows what is in the store', async () => {
    const { model } = await aWorld();
    const view = await viewOf(model);
    expect(view.cluster.name).toBe('lab');
    expect(view.nodes.map(({ record }) => record.name).sort()).toEqual(['w1', 'w2']);
  });

  test('tells what decisions look at from the steps of a plan that goes on', async () => {
    const { store, model } = await aWorld();
    const decisive = async (): Promise<number> => (await model.refresh()).decisive;
    const plan: PlanRecord = { ...planFrom(aDraft(w1), 1, startMs), state: 'accepted' };
    const before = await decisive();
    await store.put('journal/1', {}, 0);
    expect(await decisive()).toBe(before);
    let revision = 0;
    const put = async (next: Partial<PlanRecord>): Promise<void> => {
      const result = await store.put(keys.plan(plan.planId), { ...plan, ...next }, revision);
      if (result.kind === 'stored') ({ revision } = result);
    };
    await put({});
    const begun = await decisive();
    expect(begun).toBeGreaterThan(before);
    await put({ steps: [aStepProgress('one')] });
    expect(await decisive()).toBe(begun);
    expect((await nodeIn(model, 'w1'))?.plans[0]?.steps).toHaveLength(1);
    for (const next of [{ stopRequested: true }, { acceptedMs: 7 }, { state: 'done' }] as const) {
      const known = await decisive();
      await put(next);
      expect(await decisive()).toBeGreaterThan(known);
    }
    const ended = await decisive();
    await put({ state: 'done', steps: [aStepProgress('one')] });
    expect(await decisive()).toBeGreaterThan(ended);
  });

  test('gives the same object for a host of which nothing changed', async () => {
    const { store, model } = await aWorld();
    const before = [await nodeIn(model, 'w1'), await nodeIn(model, 'w2')];
    await addPlan(store, 1);
    const after = [await nodeIn(model, 'w1'), await nodeIn(model, 'w2')];
    expect(after[0]).not.toBe(before[0]);
    expect(after[0]?.plans).toHaveLength(1);
    expect(after[1]).toBe(before[1]);
  });

  test('shows what was written before it was asked, though another look is under way', async () => {
    const { store, polls } = await aWorld();
    const answered = Promise.withResolvers<void>();
    let looks = 0;
    const slowStore: Store = {
      ...store,
      async changesSince(revision) {
        const changes = await store.changesSince(revision);
        looks += 1;
        if (looks === 1) await answered.promise;
        return changes;
      },
    };
    const artifacts = async () => ({ stored: new Set<string>(), pulling: false });
    const model = createReadModel({ store: slowStore, polls, artifacts });
    const first = model.refresh();
    await expect.poll(() => looks).toBe(1);
    await addPlan(store, 1);
    const second = nodeIn(model, 'w1');
    answered.resolve();
    expect((await second)?.plans).toHaveLength(1);
    await first;
  });

  test('forgets a plan that was dropped, and a host that went', async () => {
    const { store, model } = await aWorld();
    const { plans, record } = await addPlan(store, 1);
    expect((await nodeIn(model, 'w1'))?.plans).toHaveLength(1);
    await plans.drop(record.planId);
    expect((await nodeIn(model, 'w1'))?.plans).toEqual([]);
    const stored = await store.get(keys.node(w2.record.id));
    await store.delete(keys.node(w2.record.id), stored?.revision ?? 0);
    expect(await nodeIn(model, 'w2')).toBeUndefined();
  });

  test('has plans oldest first', async () => {
    const { store, model } = await aWorld();
    await addPlan(store, 2);
    await addPlan(store, 1);
    const plans = (await nodeIn(model, 'w1'))?.plans ?? [];
    expect(plans.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  test('knows who called, and that nobody did for too long', async () => {
    const { clock, polls, model } = await aWorld();
    expect(await nodeIn(model, 'w1')).toMatchObject({ online: false, lastPollMs: null });
    polls.begin(w1.record.id, told).end();
    expect(await nodeIn(model, 'w1')).toMatchObject({ online: true, lastPollMs: clock.now() });
    clock.advance(ONLINE_MS);
    expect((await nodeIn(model, 'w1'))?.online).toBe(false);
  });

  test('two looks at once see the same', async () => {
    const { model } = await aWorld();
    const [one, two] = await Promise.all([viewOf(model), viewOf(model)]);
    expect(one.nodes).toEqual(two.nodes);
    expect(one.nodes).toHaveLength(2);
  });
});
