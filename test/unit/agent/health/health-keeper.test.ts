import { expect, onTestFinished, test } from 'vitest';
import {
  createHealthKeeper,
  MEASURE_EVERY_MS,
  MEASURE_UNWELL_EVERY_MS,
} from '../../../../agent/health/health-keeper.ts';
import { silentLogger } from '../../../../shared/log.ts';
import type { HealthReport } from '../../../../shared/model/health.ts';
import { FakeClock, settle } from '../../../fakes/clock.ts';
import { aHealthReport, aUnit } from '../../../support/health-reports.ts';

function aKeeper() {
  const clock = new FakeClock();
  const ending = new AbortController();
  const seen = {
    report: aHealthReport(),
    measured: 0,
    changes: 0,
    failure: null as Error | null,
    /** How long a measurement takes. */
    tookMs: 0,
    warnings: [] as string[],
  };
  const keeper = createHealthKeeper({
    measure: async (): Promise<HealthReport> => {
      seen.measured += 1;
      if (seen.tookMs > 0) await clock.sleep(seen.tookMs, ending.signal);
      if (seen.failure !== null) throw seen.failure;
      return seen.report;
    },
    clock,
    log: { ...silentLogger, warn: (_: object, text: string) => void seen.warnings.push(text) },
    signal: ending.signal,
    onChange: () => {
      seen.changes += 1;
    },
  });
  const running = keeper.run();
  onTestFinished(async () => {
    ending.abort();
    await running;
  });
  const latest = (): HealthReport =>
    JSON.parse(Buffer.from(keeper.latest()?.json ?? '').toString()) as HealthReport;
  return { keeper, clock, seen, latest };
}

test('it measures at once and every ten seconds, and tells how old the newest is', async () => {
  const { keeper, clock, seen, latest } = aKeeper();
  expect(keeper.latest()).toBeNull();
  await clock.advance(0);
  expect(latest()).toEqual(seen.report);
  await clock.advance(MEASURE_EVERY_MS - 1);
  expect(keeper.latest()?.ageMs).toBe(MEASURE_EVERY_MS - 1);
  await clock.advance(1);
  expect(keeper.latest()?.ageMs).toBe(0);
  expect(seen.measured).toBe(2);
});

test('the age counts from the beginning of a measurement', async () => {
  const { keeper, clock, seen } = aKeeper();
  await clock.advance(0);
  seen.tookMs = 4_000;
  await clock.advance(MEASURE_EVERY_MS + 4_000);
  expect(keeper.latest()?.ageMs).toBe(4_000);
});

test('a change that matters is told at once; another size or text waits for the next poll', async () => {
  const { keeper, clock, seen } = aKeeper();
  await clock.advance(0);
  expect(seen.changes).toBe(1);
  seen.report = aHealthReport({
    memory: { totalBytes: 4, availableBytes: 1 },
    units: [aUnit('containerd.service', { recentRestarts: 1 })],
  });
  await clock.advance(MEASURE_EVERY_MS);
  const { changes } = seen;
  seen.report = { ...seen.report, memory: { totalBytes: 4, availableBytes: 2 } };
  await clock.advance(MEASURE_EVERY_MS);
  expect(seen.changes).toBe(changes);
  seen.report = aHealthReport({ kubelet: { ok: false, message: 'no answer', sinceMs: 5 } });
  await clock.advance(MEASURE_EVERY_MS);
  expect(seen.changes).toBe(changes + 1);
  expect(Buffer.from(keeper.latest()?.json ?? '').toString()).toContain('no answer');
});

test.each<[string, Partial<HealthReport>]>([
  ['a unit is down', { units: [aUnit('kubelet.service', { active: 'failed' })] }],
  [
    'a unit is masked',
    { units: [aUnit('kubelet.service', { load: 'masked', active: 'inactive' })] },
  ],
  ['systemd does not answer', { units: 'unknown' }],
  ['the kubelet does not answer', { kubelet: { ok: false, message: 'x', sinceMs: 1 } }],
  ['the node is missing', { node: { kind: 'missing', name: 'w1', sinceMs: 1 } }],
])('while %s it looks twice as often', async (_, change) => {
  const { clock, seen } = aKeeper();
  seen.report = aHealthReport(change);
  await clock.advance(MEASURE_EVERY_MS + MEASURE_UNWELL_EVERY_MS);
  const { measured } = seen;
  await clock.advance(MEASURE_UNWELL_EVERY_MS * 4);
  expect(seen.measured).toBe(measured + 4);
});

test('units that are not there yet are nothing wrong', async () => {
  const { clock, seen } = aKeeper();
  seen.report = aHealthReport({
    units: [aUnit('etcd.service', { load: 'not-found', active: 'inactive' })],
    kubelet: null,
    node: null,
  });
  await clock.advance(MEASURE_EVERY_MS * 2);
  expect(seen.measured).toBe(3);
});

test('a measurement that fails leaves the last one to grow old, and is told once', async () => {
  const { keeper, clock, seen } = aKeeper();
  await clock.advance(0);
  seen.failure = new Error('too many open files');
  await clock.advance(MEASURE_EVERY_MS * 3);
  expect(keeper.latest()?.ageMs).toBe(MEASURE_EVERY_MS * 3);
  expect(seen.warnings).toEqual(['health was not measured']);
});

test('a request measures without waiting, also one that comes during a measurement', async () => {
  const { keeper, clock, seen } = aKeeper();
  await clock.advance(1_000);
  keeper.request();
  await settle();
  expect(seen.measured).toBe(2);
  seen.tookMs = 1_000;
  keeper.request();
  await clock.advance(500);
  keeper.request();
  await clock.advance(1_000);
  expect(seen.measured).toBe(4);
});
