// The loop over a store in memory: what is stored in which order, what a crash between any two
// writes costs, what a lost race costs.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type Coordinator,
  createCoordinator,
  type Decide,
} from '../../../coordinator/coordinator.ts';
import { createRefusedJoins } from '../../../coordinator/enrollment/refused-joins.ts';
import { createEventFeed } from '../../../coordinator/events/event-feed.ts';
import { openPlans } from '../../../coordinator/plan-records/plans.ts';
import { createPolls } from '../../../coordinator/presence/polls.ts';
import { createReadModel } from '../../../coordinator/read-model.ts';
import {
  type ClusterRecord,
  type EnvelopeRecord,
  keys,
  type NodeRecord,
  type PlanRecord,
} from '../../../coordinator/store/records.ts';
import { type Store, update } from '../../../coordinator/store/store.ts';
import { silentLogger } from '../../../shared/log.ts';
import type { Plan } from '../../../shared/model/plan.ts';
import { envelopeFromStored } from '../../../shared/rpc/codec.ts';
import { isSignedBy, publicKeyText } from '../../../shared/signature.ts';
import { type MemoryDisk, memoryDisk, memoryStore } from '../../fakes/store.ts';
import { aCluster, aNode } from '../../support/cluster-builders.ts';
import { decidesNothing } from '../../support/coordinator.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { aDraft, aGoalKey, aStepProgress, issuesOnce } from '../../support/plan-builders.ts';
import { noSnapshots, recordedAudit } from '../../support/quiet-parts.ts';

const { privateKey: planKey } = generateKeyPairSync('ed25519');
const once = issuesOnce((node) => aDraft(node));

async function diskWithNode(): Promise<MemoryDisk> {
  const disk = memoryDisk();
  const store = memoryStore(disk);
  const node = aNode('w1', 1, { pool: 'workers' });
  await store.put(keys.cluster('lab'), aCluster(), 0);
  await store.put(keys.node(node.record.id), node.record, 0);
  await store.put(keys.facts(node.record.id), node.facts, 0);
  return disk;
}

async function coordinatorOn(
  store: Store,
  decide: Decide,
  clock = manualClock(),
): Promise<Coordinator & { wakes: string[] }> {
  const plans = await openPlans(store);
  const audit = recordedAudit();
  const polls = createPolls(clock);
  const wakes: string[] = [];
  const coordinator = createCoordinator({
    store,
    polls,
    model: createReadModel({
      store,
      polls,
      artifacts: async () => ({ stored: new Set(), pulling: false }),
    }),
    clock,
    log: silentLogger,
    audit,
    plans,
    refused: createRefusedJoins(clock),
    decide,
    snapshots: noSnapshots,
    issue: {
      fleet: 'f1',
      epoch: 1,
      store,
      planKey,
      clock,
      log: silentLogger,
      audit,
      feed: createEventFeed(clock),
      plans,
      wake: (nodeId) => wakes.push(nodeId),
    },
  });
  return Object.assign(coordinator, { wakes });
}

const plansIn = async (store: Store) =>
  (await store.range<PlanRecord>(keys.plans)).map(({ value }) => value);
const nodeIn = async (store: Store) => (await store.range<NodeRecord>(keys.nodes))[0]?.value;

describe('a turn', () => {
  it('issues what was decided, signed and numbered, wakes the host, and then rests', async () => {
    const store = memoryStore(await diskWithNode());
    const coordinator = await coordinatorOn(store, once);
    await coordinator.turn();
    const [plan, ...others] = await plansIn(store);
    expect(others).toEqual([]);
    expect(plan).toMatchObject({
      state: 'issued',
      sequence: 1,
      epoch: 1,
      attempt: 1,
      nodeName: 'w1',
    });
    expect(coordinator.wakes).toEqual([plan?.nodeId]);
    const envelope = await store.get<EnvelopeRecord>(keys.envelope(plan?.planId ?? ''));
    const signed = envelopeFromStored(
      envelope?.value.envelope ?? { payloadType: '', payload: '', signatures: [] },
    );
    expect(isSignedBy(signed, [publicKeyText(planKey)])).toBe(true);
    const content = JSON.parse(Buffer.from(signed.payload).toString('utf8')) as Plan;
    expect(content).toMatchObject({
      fleet: 'f1',
      planId: plan?.planId,
      sequence: 1,
      expiresMs: content.notBeforeMs + 3_600_000,
    });
    const revision = await store.revision();
    await coordinator.turn();
    expect(await store.revision()).toBe(revision);
  });

  it.each([0, 1, 2])(
    'that is killed after %i of its writes is made good by the next one',
    async (writes) => {
      const disk = await diskWithNode();
      const dying = memoryStore(disk);
      const first = await coordinatorOn(dying, once);
      dying.crashAfter(writes);
      await first.turn();
      expect(await plansIn(dying)).toEqual([]);

      const store = memoryStore(disk);
      await (await coordinatorOn(store, once)).turn();
      const plans = await plansIn(store);
      expect(plans).toHaveLength(1);
      // A number may be lost; none is used twice.
      expect(plans[0]?.sequence).toBe(writes === 0 ? 1 : 2);
      expect((await nodeIn(store))?.sequence.host).toBe(plans[0]?.sequence);
    },
  );

  it('stores the cluster before the plans, and issues nothing when that race is lost', async () => {
    const store = memoryStore(await diskWithNode());
    const decide: Decide = (view, now) => ({
      ...once(view, now),
      cluster: { ...view.cluster, caDigest: 'known' },
    });
    const coordinator = await coordinatorOn(store, decide);
    store.loseRace('cluster/');
    await coordinator.turn();
    expect(await plansIn(store)).toEqual([]);
    await coordinator.turn();
    expect(await plansIn(store)).toHaveLength(1);
    expect((await store.get<ClusterRecord>(keys.cluster('lab')))?.value.caDigest).toBe('known');
  });

  it('issues nothing to a node that changed meanwhile, and does at the next', async () => {
    const store = memoryStore(await diskWithNode());
    const coordinator = await coordinatorOn(store, once);
    store.loseRace('node/');
    await coordinator.turn();
    expect(await plansIn(store)).toEqual([]);
    await coordinator.turn();
    expect(await plansIn(store)).toHaveLength(1);
  });

  it('never issues a second plan into a host lane, whatever is decided', async () => {
    const store = memoryStore(await diskWithNode());
    let number = 0;
    const greedy: Decide = (view, now) => {
      number += 1;
      const goalKey = aGoalKey('prepare', `c${String(number)}`);
      return {
        ...decidesNothing(view, now),
        issue: view.nodes.map((node) => aDraft(node, { goalKey })),
      };
    };
    const coordinator = await coordinatorOn(store, greedy);
    await coordinator.turn();
    await coordinator.turn();
    expect(await plansIn(store)).toHaveLength(1);
  });

  it('lets a cluster lane have several, but no goal twice', async () => {
    const store = memoryStore(await diskWithNode());
    const decide: Decide = (view, now) => ({
      ...decidesNothing(view, now),
      issue: view.nodes.flatMap((node) =>
        ['a', 'b', 'a'].map((inputs) =>
          aDraft(node, { goalKey: aGoalKey('snapshot', inputs), lane: 'cluster' }),
        ),
      ),
    });
    await (await coordinatorOn(store, decide)).turn();
    expect(
      (await plansIn(store))
        .map(({ goalKey, sequence }) => `${goalKey.inputsDigest}${String(sequence)}`)
        .sort(),
    ).toEqual(['a1', 'b2']);
  });

  it('asks a host to end a plan that nobody wants any more, once', async () => {
    const store = memoryStore(await diskWithNode());
    let isWanted = true;
    const decide: Decide = (view, now) => {
      const decision = once(view, now);
      if (isWanted) return decision;
      const open = view.nodes.flatMap(({ plans }) => plans);
      return { ...decision, stop: open.map(({ planId, nodeId }) => ({ planId, nodeId })) };
    };
    const coordinator = await coordinatorOn(store, decide);
    await coordinator.turn();
    const [plan] = await plansIn(store);
    await update<PlanRecord>(store, keys.plan(plan?.planId ?? ''), (record) =>
      record === null ? null : { ...record, state: 'accepted' },
    );
    isWanted = false;
    coordinator.wakes.length = 0;
    await coordinator.turn();
    expect(await plansIn(store)).toMatchObject([
      { state: 'accepted', stopRequested: true, stopReason: 'unwanted' },
    ]);
    const revision = await store.revision();
    await coordinator.turn();
    expect(await store.revision()).toBe(revision);
    expect(coordinator.wakes).toContain(plan?.nodeId);
  });

  it('gives up a plan that nobody took, when its time is over', async () => {
    const clock = manualClock();
    const store = memoryStore(await diskWithNode());
    const coordinator = await coordinatorOn(store, once, clock);
    await coordinator.turn();
    const wakeAtMs = await coordinator.turn();
    expect(wakeAtMs).toBe(clock.now() + 3_600_000 + 60_000);
    clock.advance(3_600_000 + 60_000);
    await coordinator.turn();
    expect((await plansIn(store)).map(({ state }) => state)).toEqual(['expired']);
  });

  it('for one cluster does not fail with another’s', async () => {
    const disk = await diskWithNode();
    await memoryStore(disk).put(keys.cluster('broken'), aCluster({ name: 'broken' }), 0);
    const store = memoryStore(disk);
    const decide: Decide = (view, now) => {
      if (view.cluster.name === 'broken') throw new Error('a bug of the planner');
      return once(view, now);
    };
    const coordinator = await coordinatorOn(store, decide);
    await coordinator.turn();
    expect(await plansIn(store)).toHaveLength(1);
    // Instead of what was decided before, which nobody looks after any more.
    expect(coordinator.latestDecision('broken')).toMatchObject({
      issue: [],
      waits: [{ subject: 'broken', reason: { code: 'undecidable', why: 'a bug of the planner' } }],
    });
    expect(coordinator.latestDecision('lab')).not.toBeNull();
  });
});

describe('the loop', () => {
  it('takes a turn for a change of the store, for a touch and when the time has come', async () => {
    const clock = manualClock();
    const store = memoryStore(await diskWithNode());
    const turns: number[] = [];
    const decide: Decide = (view, now) => {
      turns.push(now);
      return { ...decidesNothing(view, now), wakeAtMs: now + 50_000 };
    };
    const coordinator = await coordinatorOn(store, decide, clock);
    const stop = new AbortController();
    const running = coordinator.run(stop.signal);
    const reaches = async (count: number): Promise<void> => {
      await expect
        .poll(() => {
          // The few milliseconds in which changes are gathered.
          clock.advance(1);
          return turns.length;
        })
        .toBeGreaterThanOrEqual(count);
    };
    await reaches(1);
    await update<ClusterRecord>(store, keys.cluster('lab'), (cluster) => cluster);
    await reaches(2);
    coordinator.touch();
    await reaches(3);
    clock.advance(50_000);
    await reaches(4);
    stop.abort();
    await running;
  });

  it('takes none for the steps of a plan that goes on, and one for its end', async () => {
    const clock = manualClock();
    const store = memoryStore(await diskWithNode());
    await (await coordinatorOn(store, once)).turn();
    const [plan] = await plansIn(store);
    const turns: string[] = [];
    const decide: Decide = (view, now) => {
      turns.push(view.nodes.flatMap(({ plans }) => plans.map(({ state }) => state)).join(' '));
      return decidesNothing(view, now);
    };
    const coordinator = await coordinatorOn(store, decide, clock);
    const stop = new AbortController();
    const running = coordinator.run(stop.signal);
    const shows = (wanted: readonly string[]): Promise<void> =>
      expect
        .poll(() => {
          clock.advance(1);
          return turns;
        })
        .toEqual(wanted);
    const change = (next: Partial<PlanRecord>) =>
      update<PlanRecord>(store, keys.plan(plan?.planId ?? ''), (record) =>
        record === null ? null : { ...record, ...next },
      );
    await shows(['issued']);
    await change({ state: 'accepted', acceptedMs: clock.now() });
    await shows(['issued', 'accepted']);
    await change({ steps: [aStepProgress('one')] });
    // Time enough for a turn.
    for (let tick = 0; tick < 20; tick += 1) {
      clock.advance(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await change({ steps: [aStepProgress('one'), aStepProgress('two')], state: 'done' });
    await shows(['issued', 'accepted', 'done']);
    stop.abort();
    await running;
  });
});
