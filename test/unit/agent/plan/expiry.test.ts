// An expired plan is not taken (verify.test.ts), and after a restart not gone on with by itself; one that
// runs is not cut in half by its expiry.
import { expect, test } from 'vitest';
import { type Circumstances, decidePlan } from '../../../../agent/plan/decide.ts';
import type { PlanHistory } from '../../../../agent/plan/history.ts';
import { aPlan } from '../../../support/signed-plans.ts';

const plan = aPlan();
const history: PlanHistory = {
  planId: plan.planId,
  lane: 'host',
  digest: 'd',
  bootId: 'boot-1',
  acceptedMs: plan.notBeforeMs,
  isStopped: false,
  finished: null,
  steps: new Map(),
};
const after: Circumstances = {
  isOwn: true,
  bootId: 'boot-1',
  nowMs: plan.expiresMs + 3_600_000,
  mayGoOn: false,
  isYoung: () => true,
};

test('a plan that runs goes on to its end, however long ago it expired', () => {
  expect(decidePlan(plan, history, after)).toMatchObject({ kind: 'run' });
});

test('an agent that was started again holds a plan that expired, until it is told to go on', () => {
  const restarted = { ...after, isOwn: false };
  expect(decidePlan(plan, history, restarted)).toMatchObject({ kind: 'hold' });
  expect(decidePlan(plan, history, { ...restarted, nowMs: plan.expiresMs - 1 })).toMatchObject({
    kind: 'run',
  });
  expect(decidePlan(plan, history, { ...restarted, mayGoOn: true })).toMatchObject({ kind: 'run' });
});
