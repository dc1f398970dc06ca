import { expect, test } from 'vitest';
import { drainLimitsOf } from '../../../../coordinator/spec/drain-limits.ts';
import { durationMs } from '../../../../coordinator/spec/spec-duration.ts';
import { describeSchema } from '../../../../coordinator/spec/spec-schema.ts';
import { fillSpecs } from '../../../../coordinator/store/fill-specs.ts';
import { type ClusterRecord, keys } from '../../../../coordinator/store/records.ts';
import { memoryStore } from '../../../fakes/store.ts';
import { aCluster, aSpec } from '../../../support/cluster-builders.ts';

test('a rollout drains for ten minutes, asks budgets, and leaves a host alone that is alone', () => {
  expect(drainLimitsOf(aSpec())).toEqual({
    timeoutMs: 600_000,
    podGraceSeconds: null,
    evictUnmanaged: false,
    deleteEmptyDirData: true,
    disableEviction: false,
    alone: 'leave',
  });
});

test('drains as the spec says', () => {
  const drain = { timeout: '1h', gracePeriod: '90s', deleteEmptyDirData: false, force: true };
  expect(drainLimitsOf(aSpec({ rollout: { drain } }))).toMatchObject({
    timeoutMs: 3_600_000,
    podGraceSeconds: 90,
    evictUnmanaged: true,
    deleteEmptyDirData: false,
  });
});

test.each([['10'], ['1d'], ['-1s'], ['']])('%j is no duration of a spec', (text) => {
  expect(() => durationMs(text)).toThrow(/is no duration/);
  expect(() => aSpec({ rollout: { drain: { timeout: text } } })).toThrow();
});

test('is shown with its defaults', () => {
  const { fields } = describeSchema('cluster.spec.rollout.drain');
  expect(fields.map(({ name, defaultValue }) => [name, defaultValue])).toEqual([
    ['timeout', '"10m"'],
    ['onTimeout', '"skip"'],
    ['gracePeriod', 'null'],
    ['deleteEmptyDirData', 'true'],
    ['force', 'false'],
  ]);
});

test('a spec that was stored before there was a drain in it gets the defaults, once', async () => {
  const store = memoryStore();
  const cluster = aCluster();
  const { drain: _, ...rollout } = cluster.spec.rollout;
  const before = { ...cluster, spec: { ...cluster.spec, rollout } };
  await store.put(keys.cluster('lab'), before, 0);
  await fillSpecs(store);
  const filled = await store.get<ClusterRecord>(keys.cluster('lab'));
  expect(filled?.value).toEqual(cluster);
  await fillSpecs(store);
  expect((await store.get(keys.cluster('lab')))?.revision).toBe(filled?.revision);
});
