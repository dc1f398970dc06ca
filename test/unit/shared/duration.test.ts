import { expect, test } from 'vitest';
import { formatAge, formatRest, formatTook } from '../../../shared/duration.ts';

test.each([
  [0, '<1s'],
  [-5, '<1s'],
  [999, '<1s'],
  [1_000, '1s'],
  [59_999, '59s'],
  [130_000, '2m10s'],
  [3_599_000, '59m'],
  [3_600_000, '1h'],
  [5_400_000, '1h30m'],
  [172_800_000, '2d'],
])('an age of %i ms is %s, and never 0', (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});

test.each([
  [3_599_990, '1h'],
  [1, '1s'],
  [0, '1s'],
  [61_000, '1m1s'],
  [60_001, '1m1s'],
  [599_990, '10m'],
  [600_001, '11m'],
])('time that is left is rounded up to what is shown: %i ms is %s', (ms, text) => {
  expect(formatRest(ms)).toBe(text);
});

test.each([
  [0, '<0.1s'],
  [49, '<0.1s'],
  [51, '0.1s'],
  [1_240, '1.2s'],
  [99_900, '99.9s'],
  [100_000, '1m40s'],
])('work of %i ms took %s', (ms, text) => {
  expect(formatTook(ms)).toBe(text);
});
