import { expect, it } from 'vitest';
import { createBuckets } from '../../../../coordinator/limits/buckets.ts';
import { manualClock } from '../../../support/manual-clock.ts';

it('a bucket gives what it holds, and what has run in since, to each key for itself', () => {
  const clock = manualClock();
  const buckets = createBuckets({ burst: 3, perSecond: 2 }, clock);
  expect([buckets.take('a', 2), buckets.take('a', 2), buckets.take('a')]).toEqual([2, 1, 0]);
  expect(buckets.has('a')).toBe(false);
  expect(buckets.take('b')).toBe(1);
  clock.advance(500);
  expect([buckets.has('a'), buckets.take('a', 5)]).toEqual([true, 1]);
  clock.advance(60_000);
  expect(buckets.take('a', 5)).toBe(3);
});

it('buckets of keys that never come back are forgotten', () => {
  const buckets = createBuckets({ burst: 1, perSecond: 0 }, manualClock(), 2);
  for (const key of ['a', 'b', 'c']) buckets.take(key);
  expect(['a', 'c'].map((key) => buckets.has(key))).toEqual([true, false]);
});
