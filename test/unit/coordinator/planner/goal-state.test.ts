import { describe, expect, test } from 'vitest';
import type { GoalKey } from '../../../../coordinator/plan-records/goal-key.ts';
import { goalState } from '../../../../coordinator/planner/goal-state.ts';
import type { PlanRecord } from '../../../../coordinator/store/records.ts';
import { aNode, planFrom, startMs } from '../../../support/cluster-builders.ts';
import { aDraft } from '../../../support/plan-builders.ts';

const minute = 60_000;
const hour = 60 * minute;
const key: GoalKey = { kind: 'join', subject: 'w1', inputsDigest: 'a', generation: 0 };
let number = 0;

/** A plan for `key` that ended `agoMs` before startMs. */
function aPlan(change: Partial<PlanRecord> = {}, agoMs = 0): PlanRecord {
  number += 1;
  const atMs = startMs - agoMs;
  const plan = planFrom(aDraft(aNode('w1', 21), { goalKey: key }), number, atMs);
  return { ...plan, finishedMs: atMs, ...change };
}

const failed = (attempt: number, agoMs: number, change: object = {}): PlanRecord =>
  aPlan(
    {
      state: 'failed',
      attempt,
      error: {
        code: 'exec-failed',
        message: 'it broke',
        command: null,
        outputTail: null,
        retryable: true,
        ...change,
      },
    },
    agoMs,
  );

const kindOf = (plans: readonly PlanRecord[], of: GoalKey = key): string =>
  goalState(plans, { key: of, now: startMs }).kind;

describe('a goal', () => {
  test('without a plan is due', () => {
    expect(goalState([], { key, now: startMs })).toEqual({ kind: 'due', attempt: 1 });
  });

  test('with a plan that is not over runs, whatever its inputs and its generation', () => {
    const running = aPlan({ state: 'accepted', finishedMs: null });
    expect(kindOf([running], { ...key, inputsDigest: 'b', generation: 2 })).toBe('running');
  });

  test('of another kind or about another host is not this one', () => {
    const other = aPlan({ state: 'accepted', goalKey: { ...key, subject: 'w2' } });
    const prepare = aPlan({ state: 'accepted', goalKey: { ...key, kind: 'prepare' } });
    expect(kindOf([other, prepare])).toBe('due');
  });

  test.each([
    [1, 9_999, 'backing-off'],
    [1, 10_000, 'due'],
    [2, 59_999, 'backing-off'],
    [2, 60_000, 'due'],
    [3, hour, 'held'],
  ])('whose attempt %i failed %i ms ago is %s', (attempt, agoMs, expected) => {
    expect(kindOf([failed(attempt, agoMs)])).toBe(expected);
  });

  test('whose failure cannot be mended by repeating is held at once', () => {
    expect(kindOf([failed(1, hour, { retryable: false })])).toBe('held');
  });

  test('held is due again with other inputs, and after a retry', () => {
    const plans = [failed(3, hour)];
    expect(kindOf(plans, { ...key, inputsDigest: 'b' })).toBe('due');
    expect(kindOf(plans, { ...key, generation: 1 })).toBe('due');
  });

  test('that found its credentials expired counts that as an attempt', () => {
    const expired = { code: 'credentials-expired', retryable: false };
    expect(kindOf([failed(1, 1000, expired)])).toBe('backing-off');
    expect(goalState([failed(1, hour, expired)], { key, now: startMs })).toEqual({
      kind: 'due',
      attempt: 2,
    });
    expect(kindOf([failed(3, hour, expired)])).toBe('held');
  });

  test('whose plan nobody took is due, and that is no attempt', () => {
    const plan = aPlan({ state: 'expired', attempt: 2 }, minute);
    expect(goalState([plan], { key, now: startMs })).toEqual({ kind: 'due', attempt: 2 });
  });

  test('that is refused for what may pass is asked again ever less often', () => {
    const refused = (agoMs: number) =>
      aPlan({ state: 'refused', refusal: 'facts-changed', attempt: 1 }, agoMs);
    expect(kindOf([refused(999)])).toBe('backing-off');
    expect(kindOf([refused(1000)])).toBe('due');
    expect(kindOf([refused(5000), refused(3000), refused(1000)])).toBe('backing-off');
    expect(kindOf([refused(9000), refused(8000), refused(4000)])).toBe('due');
  });

  test('that is refused for good, or was stopped, is held', () => {
    expect(kindOf([aPlan({ state: 'refused', refusal: 'bad-signature' }, hour)])).toBe('held');
    expect(kindOf([aPlan({ state: 'stopped' }, hour)])).toBe('held');
  });

  test('gets twelve plans an hour and no more, however often its inputs change', () => {
    const plans = Array.from({ length: 12 }, (_, index) =>
      aPlan(
        { state: 'failed', goalKey: { ...key, inputsDigest: `i${index}` } },
        (13 - index) * minute,
      ),
    );
    const state = goalState(plans, { key: { ...key, inputsDigest: 'new' }, now: startMs });
    expect(state).toMatchObject({ kind: 'backing-off', untilMs: startMs - 13 * minute + hour });
    expect(kindOf(plans.slice(1), { ...key, inputsDigest: 'new' })).toBe('due');
    expect(kindOf(plans, { ...key, inputsDigest: 'new', generation: 1 })).toBe('due');
  });
});

describe('a drain that ended well and has more to do', () => {
  const drainKey: GoalKey = { ...key, kind: 'drain' };
  const ended = (agoMs: number) => aPlan({ state: 'done', goalKey: drainKey }, agoMs);
  const stateOf = (plans: readonly PlanRecord[], isWantedAgain: boolean) =>
    goalState(plans, { key: drainKey, now: startMs, isWantedAgain });

  test('is due again after a few seconds', () => {
    expect(stateOf([ended(2_999)], true).kind).toBe('backing-off');
    expect(stateOf([ended(3_000)], true)).toEqual({ kind: 'due', attempt: 1 });
    expect(stateOf([ended(3_000)], false).kind).toBe('done');
  });

  test('is not held back by the plans of an hour, and failures are', () => {
    const many = Array.from({ length: 40 }, (_, index) => ended((41 - index) * minute));
    expect(stateOf(many, true).kind).toBe('due');
    const failing = many.map((plan) => ({ ...plan, state: 'refused', refusal: 'clock' }) as const);
    expect(stateOf(failing, true).kind).toBe('backing-off');
  });
});

test('an end that is still to come, told before a clock was set back, holds nobody up', () => {
  expect(goalState([failed(1, -hour)], { key, now: startMs })).toEqual({ kind: 'due', attempt: 2 });
  const many = Array.from({ length: 12 }, () => failed(1, -hour, { retryable: true }));
  expect(kindOf(many)).toBe('due');
});
