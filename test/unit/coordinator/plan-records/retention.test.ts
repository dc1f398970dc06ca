import { describe, expect, test } from 'vitest';
import type { GoalKey } from '../../../../coordinator/plan-records/goal-key.ts';
import { openPlans } from '../../../../coordinator/plan-records/plans.ts';
import { plansToDrop, requestsToDrop } from '../../../../coordinator/plan-records/retention.ts';
import {
  keys,
  type OperatorRequest,
  type PlanRecord,
} from '../../../../coordinator/store/records.ts';
import { memoryStore } from '../../../fakes/store.ts';
import { aNode, planFrom, startMs } from '../../../support/cluster-builders.ts';
import { aDraft } from '../../../support/plan-builders.ts';

const hour = 3_600_000;
let number = 0;

function ended(goalKey: Partial<GoalKey>, agoMs = 0, change: Partial<PlanRecord> = {}): PlanRecord {
  number += 1;
  const key = { kind: 'prepare', subject: 'w1', inputsDigest: 'a', generation: 0 } as const;
  const draft = aDraft(aNode('w1', 21), { goalKey: { ...key, ...goalKey } });
  const atMs = startMs - agoMs;
  return { ...planFrom(draft, number, atMs), state: 'done', finishedMs: atMs, ...change };
}

const many = (count: number, goalKey: Partial<GoalKey>): PlanRecord[] =>
  Array.from({ length: count }, (_, index) => ended(goalKey, (count - index) * 1000));

describe('of finished plans', () => {
  test('the newest twelve of a goal about a host are kept, the older ones go', () => {
    const plans = many(20, { kind: 'join' });
    expect(plansToDrop(plans, startMs)).toEqual(plans.slice(0, 8));
  });

  test('those of another host or another goal are counted apart', () => {
    const plans = [...many(12, { subject: 'w1' }), ...many(12, { subject: 'w2' })];
    expect(plansToDrop(plans, startMs)).toEqual([]);
  });

  test('one that is not over is never dropped', () => {
    const running = ended({}, hour, { state: 'accepted', finishedMs: null });
    expect(plansToDrop([running, ...many(20, {})], startMs)).not.toContain(running);
  });

  test('join credentials go after an hour, whatever their number', () => {
    const old = ended({ kind: 'credentials' }, hour + 1);
    const young = ended({ kind: 'credentials' }, hour - 1);
    expect(plansToDrop([old, young], startMs)).toEqual([old]);
  });

  test('a host’s only plan of a goal is kept for years', () => {
    expect(plansToDrop([ended({ kind: 'join' }, 50_000 * hour)], startMs)).toEqual([]);
  });

  test('of smoke tests, each about a request of its own, a day’s are kept, and always the last', () => {
    const plans = Array.from({ length: 60 }, (_, index) =>
      ended({ kind: 'smoke-test', subject: `s${index}` }, (60 - index) * hour),
    );
    expect(plansToDrop(plans, startMs)).toEqual(plans.slice(0, 36));
    const last = ended({ kind: 'smoke-test', subject: 'last' }, 1000 * hour);
    expect(plansToDrop([last], startMs)).toEqual([]);
  });

  test('no request is kept longer than its plan, which would be made anew', () => {
    const requests = Array.from({ length: 60 }, (_, index) => aRequest(`s${index}`, index * hour));
    const dropped = new Set(requestsToDrop(requests, startMs));
    for (const { id, createdMs } of requests.filter((request) => !dropped.has(request))) {
      const plan = ended({ kind: 'smoke-test', subject: id }, startMs - createdMs);
      const newer = ended({ kind: 'smoke-test', subject: 'newer' });
      expect(plansToDrop([plan, newer], startMs)).toEqual([]);
    }
  });
});

const aRequest = (id: string, ageMs: number): OperatorRequest => ({
  kind: 'smoke-test',
  id,
  cluster: 'lab',
  createdMs: startMs - ageMs,
});

test('a request is kept for a day', () => {
  const young = aRequest('young', 24 * hour - 1);
  const old = aRequest('old', 24 * hour + 1);
  expect(requestsToDrop([young, old], startMs)).toEqual([old]);
});

describe('dropping a plan', () => {
  test('takes its envelope with it', async () => {
    const store = memoryStore();
    const plans = await openPlans(store);
    const record = ended({});
    await plans.add(record, { planId: record.planId, envelope: {} as never });
    await plans.drop(record.planId);
    expect(await store.range(keys.plans)).toEqual([]);
    expect(await store.range(keys.envelopes)).toEqual([]);
    await plans.drop(record.planId);
  });

  test('leaves one that is not over alone', async () => {
    const store = memoryStore();
    const plans = await openPlans(store);
    const record = ended({}, 0, { state: 'issued', finishedMs: null });
    await plans.add(record, { planId: record.planId, envelope: {} as never });
    await plans.drop(record.planId);
    expect(await plans.get(record.planId)).toEqual(record);
  });
});
