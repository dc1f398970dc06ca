// What a hostile member can make a coordinator keep has bounds, whatever it says and however often.
import { expect, test } from 'vitest';
import { weighHostileMember } from './hostile-hour.ts';

test('a hostile member makes the store and the audit log grow by no more than their bounds', async () => {
  const seconds = 40;
  const weighed = await weighHostileMember(seconds);
  const { tried, state } = weighed;
  // It was let do all of it: a member that is locked could do nothing.
  expect(state).toBe('active');
  expect(tried.calls).toBeGreaterThan(seconds * 30);
  expect(tried.refused).toBeLessThan(tried.calls / 2);
  expect(tried.plans).toBeGreaterThan(0);
  expect(weighed.records).toBeLessThan(100);
  expect(weighed.storeBytes).toBeLessThan(8e6);
  expect(weighed.largestBytes).toBeLessThan(4e6);
  expect(weighed.deletions).toBeLessThanOrEqual(10_000);
  expect(weighed.auditLines).toBeLessThan(2_000);
  expect(weighed.auditBytes).toBeLessThan(1e6);
  expect(weighed.grownBytes).toBeLessThan(30e6);
});
