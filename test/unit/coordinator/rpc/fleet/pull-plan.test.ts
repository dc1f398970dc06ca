// PullPlan against a real coordinator on the loopback: what a poll gives, and when it ends.
import { afterEach, describe, expect, it } from 'vitest';
import type { NodeDocument } from '../../../../../coordinator/operator/documents.ts';
import type { GoOn } from '../../../../../coordinator/planner/go-on.ts';
import { MOST_AHEAD } from '../../../../../coordinator/rpc/fleet/adopt-sequences.ts';
import {
  keys,
  type NodeRecord,
  type PlanRecord,
} from '../../../../../coordinator/store/records.ts';
import { update } from '../../../../../coordinator/store/store.ts';
import { jsonToWire } from '../../../../../shared/rpc/codec.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../../support/coordinator.ts';
import { failureOf } from '../../../../support/expected-failure.ts';
import { aHealthReport } from '../../../../support/health-reports.ts';
import { aDraft, issuesOnce } from '../../../../support/plan-builders.ts';
import type { TestNode } from '../../../../support/test-node.ts';

let coordinator: TestCoordinator;
afterEach(async () => {
  await coordinator.stop();
});

const call = { timeoutMs: 30_000 };

const setNodeState = (node: TestNode, state: NodeRecord['state']): Promise<unknown> =>
  update<NodeRecord>(coordinator.store, keys.node(node.nodeId), (record) =>
    record === null ? null : { ...record, state },
  );

const documentOf = async (kind: string, name: string): Promise<string> => {
  const reply = await coordinator.operator.Get({ kind, name }, call);
  return reply.documents.map((document) => document.toString('utf8')).join('\n');
};

describe('a poll', () => {
  it('is held until a plan is there, and gives the same bytes until it is accepted', async () => {
    let isWanted = false;
    coordinator = await startTestCoordinator({
      decide: issuesOnce((node) => (isWanted ? aDraft(node) : null)),
    });
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const held = node.poll({ holdMs: 20_000 });
    isWanted = true;
    await update<object>(coordinator.store, 'test/nudge', () => ({}));
    const first = await held;
    expect(first.plans).toHaveLength(1);
    const plan = first.plans[0];
    expect(plan).toMatchObject({
      fleet: coordinator.fleet,
      cluster: 'lab',
      nodeId: node.nodeId,
      lane: 'host',
      epoch: 1,
      sequence: 1,
      goal: 'prepare host',
    });
    expect((await node.poll()).payloads).toEqual(first.payloads);

    const planIds = [plan?.planId ?? ''];
    const accepted = await node.poll({ planIds });
    expect(accepted.plans).toEqual([]);
    await expect.poll(async () => (await node.poll({ planIds })).answer.goOn).toEqual(planIds);
    expect(await coordinator.plan(planIds[0] ?? '')).toMatchObject({ state: 'accepted' });
  });

  it('sends a plan that is not taken again at the pace of a second, not in a spin', async () => {
    coordinator = await startTestCoordinator({ decide: issuesOnce((node) => aDraft(node)) });
    const node = await coordinator.join({ name: 'w1', number: 1 });
    await node.poll({ holdMs: 20_000 });
    const began = Date.now();
    expect((await node.poll({ holdMs: 20_000 })).plans).toHaveLength(1);
    expect(Date.now() - began).toBeGreaterThan(900);
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  it('that is newer ends the older one, and an older one that comes late is refused', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const older = failureOf(node.poll({ holdMs: 20_000 }));
    // The second begins when the first is known to the coordinator.
    await expect
      .poll(() => documentOf('nodes', 'w1').then((text) => text.includes('"online":true')))
      .toBe(true);
    const newer = node.poll({ holdMs: 0 });
    expect(await older).toMatchObject({ code: 'conflict', retryable: true });
    await newer;
    const request = { instanceId: 'fixed', nonce: Buffer.alloc(16, 7), holdMs: 0 };
    await node.fleet.PullPlan({ ...request, poll: 5 }, call);
    expect((await failureOf(node.fleet.PullPlan({ ...request, poll: 5 }, call))).code).toBe(
      'conflict',
    );
    expect((await failureOf(node.fleet.PullPlan({ ...request, poll: 4 }, call))).code).toBe(
      'conflict',
    );
  });

  it('that is open ends within 5 s when the node is evicted', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const open = failureOf(node.poll({ holdMs: 20_000 }));
    const began = Date.now();
    await setNodeState(node, 'evicted');
    expect((await open).code).toBe('permission-denied');
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  it('that is open brings a stop at once, and no plan that was stopped before it was taken', async () => {
    coordinator = await startTestCoordinator({ decide: issuesOnce((node) => aDraft(node)) });
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const { plans } = await node.poll({ holdMs: 20_000 });
    const planId = plans[0]?.planId ?? '';
    await node.poll({ planIds: [planId] });
    const open = node.poll({ planIds: [planId], holdMs: 20_000 });
    await update<PlanRecord>(coordinator.store, keys.plan(planId), (record) =>
      record === null ? null : { ...record, stopRequested: true },
    );
    const { answer } = await open;
    expect(answer).toMatchObject({ stop: [planId], goOn: [] });
  });

  it('ends with the coordinator, so that a restart does not take 20 s', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const open = failureOf(node.poll({ holdMs: 20_000 }));
    const began = Date.now();
    await coordinator.restart();
    expect((await open).retryable).toBe(true);
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  it('of a host whose numbers are ahead of the store raises them: none is given out twice', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    await node.poll({ sequence: 41 });
    const record = await coordinator.store.get<NodeRecord>(keys.node(node.nodeId));
    expect(record?.value.sequence).toEqual({ host: 41, cluster: 0 });
  });

  it('raises numbers a little at a time, whatever is claimed, and refuses what is no number', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const known = async (): Promise<number | undefined> =>
      (await coordinator.store.get<NodeRecord>(keys.node(node.nodeId)))?.value.sequence.host;
    await node.poll({ sequence: 2 ** 52 });
    expect(await known()).toBe(MOST_AHEAD);
    await node.poll({ sequence: MOST_AHEAD + 5 });
    expect(await known()).toBe(MOST_AHEAD + 5);
    // Never down, and never past what can be told apart.
    await node.poll({ sequence: 3 });
    expect(await known()).toBe(MOST_AHEAD + 5);
    for (const sequence of [2 ** 60, -1]) {
      expect((await failureOf(node.poll({ sequence }))).code).toBe('invalid');
    }
    for (let again = 0; again < 5; again += 1) await node.poll({ sequence: 2 ** 52 });
    const told = (await coordinator.audit()).filter(({ event }) => event === 'sequence-ahead');
    expect(told).toHaveLength(1);
  });

  it('of a host that waits has its go-on only for what is wanted', async () => {
    let goOn: GoOn = 'yes';
    const once = issuesOnce((one) => aDraft(one));
    coordinator = await startTestCoordinator({
      decide: (view, now) => {
        const decision = once(view, now);
        return { ...decision, goOn: decision.goOn.map(({ planId }) => ({ planId, goOn })) };
      },
    });
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const { plans } = await node.poll({ holdMs: 20_000 });
    const planIds = [plans[0]?.planId ?? ''];
    const told = async () => (await node.poll({ planIds, waiting: planIds })).answer;
    await expect.poll(async () => (await told()).goOn).toEqual(planIds);
    goOn = 'not-now';
    // Whatever a decision looks at: a record of no meaning is no reason to decide anew.
    await update<NodeRecord>(coordinator.store, keys.node(node.nodeId), (known) =>
      known === null ? null : { ...known },
    );
    await expect.poll(async () => (await told()).goOn).toEqual([]);
    expect((await told()).stop).toEqual([]);
  });

  it('that names what can be no plan is refused', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    for (const planId of ['p'.repeat(42), '../p', 'p\n']) {
      expect((await failureOf(node.poll({ planIds: [planId] }))).code).toBe('invalid');
    }
  });

  it('carries what its host measured; what cannot be read costs the poll nothing', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const health = async (): Promise<unknown> =>
      (JSON.parse(await documentOf('nodes', 'w1')) as NodeDocument).health;
    await node.poll({ health: Buffer.from('{"schema":"muster/health/v9"}') });
    await node.poll({ health: Buffer.alloc(100_000, ' ') });
    expect(await health()).toMatchObject({
      state: 'unknown',
      measuredMs: null,
      problems: [{ code: 'not-measured', params: { cause: 'unreadable' } }],
    });
    await node.poll({ health: jsonToWire(aHealthReport()) });
    expect(await health()).toMatchObject({ state: 'healthy', measuredMs: expect.any(Number) });
  });

  it('with a nonce too short to be one is refused', async () => {
    coordinator = await startTestCoordinator();
    const node = await coordinator.join({ name: 'w1', number: 1 });
    const attempt = node.fleet.PullPlan({ instanceId: 'i', poll: 1, nonce: Buffer.alloc(4) }, call);
    expect((await failureOf(attempt)).code).toBe('invalid');
  });
});
