import { expect, onTestFinished, test } from 'vitest';
import { createMemoryWatch } from '../../../agent/memory-watch.ts';
import { silentLogger } from '../../../shared/log.ts';
import { FakeClock } from '../../fakes/clock.ts';

const megabytes = 1024 * 1024;

function aWatch(options: { readonly startedAgainBootMs?: number } = {}) {
  const ending = new AbortController();
  const world = {
    clock: new FakeClock(),
    anonymous: 33,
    isIdle: true,
    startsAgain: 0,
    collections: 0,
  };
  const watch = createMemoryWatch({
    own: {
      anonymousBytes: async () => world.anonymous * megabytes,
      collect: () => {
        world.collections += 1;
      },
      startedAgainBootMs: options.startedAgainBootMs ?? null,
    },
    isIdle: () => world.isIdle,
    clock: world.clock,
    log: silentLogger,
    signal: ending.signal,
    onStartAgain: () => {
      world.startsAgain += 1;
    },
  });
  const run = watch.run();
  run.catch(() => undefined);
  onTestFinished(() => ending.abort());
  return { world, watch, run };
}

test('an agent that grew by a plan starts again after half a minute of rest', async () => {
  const { world, watch, run } = aWatch();
  await world.clock.advance(5_000);
  watch.noteWork();
  world.anonymous = 103;
  await world.clock.advance(25_000);
  expect(world.startsAgain).toBe(0);
  await world.clock.advance(10_000);
  expect(world.startsAgain).toBe(1);
  await run;
});

test('what is not yet reported, and a plan that goes on, keep it from that', async () => {
  const { world, watch } = aWatch();
  watch.noteWork();
  world.anonymous = 103;
  world.isIdle = false;
  await world.clock.advance(300_000);
  expect(world.startsAgain).toBe(0);
  world.isIdle = true;
  await world.clock.advance(20_000);
  expect(world.startsAgain).toBe(0);
  await world.clock.advance(20_000);
  expect(world.startsAgain).toBe(1);
});

test('a plan between two looks begins the rest anew', async () => {
  const { world, watch } = aWatch();
  watch.noteWork();
  world.anonymous = 103;
  for (let plans = 0; plans < 10; plans += 1) {
    await world.clock.advance(20_000);
    watch.noteWork();
  }
  expect(world.startsAgain).toBe(0);
});

test('an agent that is as large right after its start does not start again and again', async () => {
  const { world } = aWatch({ startedAgainBootMs: 0 });
  world.anonymous = 200;
  await world.clock.advance(24 * 3_600_000);
  expect(world.startsAgain).toBe(0);
});

test('a fresh agent gives back the garbage of its start, and asks for that once a minute at most', async () => {
  const { world } = aWatch({ startedAgainBootMs: 0 });
  world.anonymous = 44;
  await world.clock.advance(20_000);
  expect(world.collections).toBe(1);
  await world.clock.advance(40_000);
  expect(world.collections).toBe(1);
  world.anonymous = 33;
  await world.clock.advance(3_600_000);
  expect(world.collections).toBe(1);
  expect(world.startsAgain).toBe(0);
});
