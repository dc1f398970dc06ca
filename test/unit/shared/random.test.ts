import { expect, test } from 'vitest';
import { newId, type Random, randomText, systemRandom } from '../../../shared/random.ts';

const saying = (...bytes: readonly number[]): Random => {
  const left = [...bytes];
  const next = (count: number): Buffer => Buffer.from(left.splice(0, count));
  return { fraction: () => 0, bytes: next };
};

test('an id is 16 hex digits, and another one each time', () => {
  expect(newId(saying(0, 1, 2, 3, 4, 5, 6, 255))).toBe('00010203040506ff');
  expect(newId(systemRandom)).not.toBe(newId(systemRandom));
});

test('a text has no character more often than the others: bytes beyond a whole round are thrown away', () => {
  expect(
    randomText(saying(0, 35, 36, 252, 255, 251), 'abcdefghijklmnopqrstuvwxyz0123456789', 4),
  ).toBe('a9a9');
});
