// The simulated world itself: the same seed is the same world, and what it watches for is caught.
import { expect, test } from 'vitest';
import { runBatch } from './batch.ts';
import { bugs } from './bugs/bugs.ts';
import { runSeed } from './run-seed.ts';

test('the same seed is the same world, in this process and in any other', async () => {
  const batch = await runBatch({ first: 1, count: 4 });
  expect(batch.failures).toEqual([]);
  for (const seed of ['1', '2']) {
    const { digest } = await runSeed(seed);
    expect(digest).toBe(batch.digests.get(seed));
  }
  expect(new Set(batch.digests.values()).size).toBe(4);
});

test('there are ten deliberate bugs and more', () => {
  expect(new Set(bugs.map(({ name }) => name)).size).toBeGreaterThanOrEqual(10);
});

test.each(bugs)('is caught: $name', async ({ seed, seams, caughtBy }) => {
  const { broken } = await runSeed(String(seed), {
    seams: seams(),
    withinMs: 15 * 60_000,
    until: caughtBy,
  });
  const names = broken.map(({ invariant }) => invariant).filter((name) => name.includes(caughtBy));
  expect(names).not.toEqual([]);
  // It is the bug that is caught, and not the world.
  const sound = await runSeed(String(seed));
  expect(sound.broken).toEqual([]);
});
