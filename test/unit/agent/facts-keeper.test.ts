import { expect, onTestFinished, test } from 'vitest';
import { COLLECT_EVERY_MS, createFactsKeeper } from '../../../agent/facts-keeper.ts';
import { AppError } from '../../../shared/errors.ts';
import { silentLogger } from '../../../shared/log.ts';
import type { NodeFacts } from '../../../shared/model/facts.ts';
import { FakeClock, settle } from '../../fakes/clock.ts';
import { FakeLink } from '../../fakes/link.ts';
import { aFacts } from '../../support/cluster-builders.ts';
import { newSigningKeys } from '../../support/signed-plans.ts';

function aKeeper(first: Partial<NodeFacts> = {}) {
  const link = new FakeLink(newSigningKeys());
  const clock = new FakeClock();
  const ending = new AbortController();
  const seen = { facts: aFacts('w1', '192.168.7.1', first), collected: 0, digests: 0 };
  const keeper = createFactsKeeper({
    first: seen.facts,
    collect: async (): Promise<NodeFacts> => {
      seen.collected += 1;
      return { ...seen.facts, collectedAtMs: clock.now() };
    },
    link: () => link,
    clock,
    log: silentLogger,
    random: () => 0,
    signal: ending.signal,
    onDigest: () => {
      seen.digests += 1;
    },
  });
  const running = keeper.run();
  onTestFinished(async () => {
    ending.abort();
    await running;
  });
  return { keeper, link, clock, seen };
}

test('facts are reported at the start, collected every minute, and reported again only when they changed', async () => {
  const { link, clock, seen } = aKeeper();
  await clock.advance(COLLECT_EVERY_MS * 2);
  expect(seen.collected).toBe(2);
  expect(link.facts).toHaveLength(1);
  seen.facts = { ...seen.facts, swap: { devices: ['/dev/sda2'], fstabLines: [], units: [] } };
  await clock.advance(COLLECT_EVERY_MS);
  expect(link.facts).toHaveLength(2);
});

test('a version that is not known yet is looked for again soon, and then ever less often', async () => {
  const { link, clock, seen } = aKeeper({ installed: { kubelet: 'unknown' } });
  await clock.advance(5_000 + 10_000 + 20_000);
  expect(seen.collected).toBe(3);
  await clock.advance(40_000 + 60_000 + 60_000);
  expect(seen.collected).toBe(6);
  seen.facts = { ...seen.facts, installed: { kubelet: 'v1.37.1' } };
  await clock.advance(COLLECT_EVERY_MS);
  expect(link.facts.at(-1)?.installed).toEqual({ kubelet: 'v1.37.1' });
});

test('unchanged facts are reported every five minutes all the same', async () => {
  const { link, clock } = aKeeper();
  await clock.advance(COLLECT_EVERY_MS * 6);
  expect(link.facts).toHaveLength(2);
});

test('another address changes the digest and is told at once', async () => {
  const { keeper, clock, seen } = aKeeper();
  await clock.advance(0);
  const before = keeper.digest();
  seen.facts = aFacts('w1', '192.168.7.99');
  await keeper.refresh(0);
  expect(keeper.digest()).not.toBe(before);
  expect(seen.digests).toBe(1);
});

test('young facts are not collected again', async () => {
  const { keeper, clock, seen } = aKeeper();
  await clock.advance(3_000);
  await keeper.refresh(5_000);
  expect(seen.collected).toBe(0);
  await clock.advance(3_000);
  await keeper.refresh(5_000);
  expect(seen.collected).toBe(1);
});

test('a request reports without waiting for the minute', async () => {
  const { keeper, link, clock, seen } = aKeeper();
  await clock.advance(1_000);
  seen.facts = { ...seen.facts, installed: { etcd: '3.6.0' } };
  keeper.request();
  await settle();
  await settle();
  expect(link.facts).toHaveLength(2);
});

test('when the coordinator is away the report is repeated until it arrives', async () => {
  const { keeper, link, clock } = aKeeper();
  await clock.advance(1_000);
  const gone = new AppError('unavailable', 'gone', { retryable: true });
  link.failures.push(gone, gone);
  await clock.advance(COLLECT_EVERY_MS * 6);
  expect(link.failures).toEqual([]);
  expect(link.facts.length).toBeGreaterThan(1);
  expect(keeper.current().hostname).toBe('w1');
});
