import { expect, test } from 'vitest';
import { createRestartCounts, parseTimestamp, readUnits } from '../../../../agent/health/units.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import { healthWorld } from '../../../support/health-sources.ts';

const shown = (units: readonly Record<string, string>[]): string =>
  units
    .map((unit) =>
      Object.entries(unit)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    )
    .join('\n');

test('all units are asked for by one process, in UTC', async () => {
  const { sources, host } = healthWorld();
  host.answer(
    'systemctl show',
    shown([
      {
        Id: 'containerd.service',
        LoadState: 'loaded',
        ActiveState: 'active',
        SubState: 'running',
        Result: 'success',
        NRestarts: '0',
        StateChangeTimestamp: 'Sat 2026-11-21 17:24:26 UTC',
      },
      {
        Id: 'kubelet.service',
        LoadState: 'masked',
        ActiveState: 'failed',
        SubState: 'failed',
        Result: 'signal',
        NRestarts: '0',
        StateChangeTimestamp: '',
      },
      { Id: 'etcd.service', LoadState: 'not-found', ActiveState: 'inactive', SubState: 'dead' },
    ]),
  );
  const units = await readUnits(sources);
  expect(host.lines).toHaveLength(1);
  expect(units).toEqual([
    {
      name: 'containerd.service',
      load: 'loaded',
      active: 'active',
      sub: 'running',
      result: 'success',
      recentRestarts: 0,
      sinceMs: Date.UTC(2026, 10, 21, 17, 24, 26),
    },
    expect.objectContaining({
      name: 'kubelet.service',
      load: 'masked',
      active: 'failed',
      result: 'signal',
      sinceMs: null,
    }),
    expect.objectContaining({ name: 'etcd.service', load: 'not-found' }),
    expect.objectContaining({ name: 'muster-api-proxy.service', load: 'not-found' }),
  ]);
});

test('a systemd that does not answer is a failure, not four units that are fine', async () => {
  const { sources, host } = healthWorld();
  host.answer('systemctl show', { exitCode: 1, stderr: 'Failed to connect to bus\n' });
  await expect(readUnits(sources)).rejects.toThrow('Failed to connect to bus');
});

test.each([
  ['Sat 2026-11-21 17:24:26 UTC', Date.UTC(2026, 10, 21, 17, 24, 26)],
  ['', null],
  ['n/a', null],
  ['Sat 2026-11-21 17:24:26 CET', null],
])('the time %s is %s', (text, ms) => {
  expect(parseTimestamp(text)).toBe(ms);
});

test('restarts are counted over five minutes, from the first look on', async () => {
  const clock = new FakeClock();
  const restarts = createRestartCounts(clock);
  // What was before the agent began is nobody's crash loop.
  expect(restarts.recent('kubelet.service', 40)).toBe(0);
  await clock.advance(10_000);
  expect(restarts.recent('kubelet.service', 43)).toBe(3);
  await clock.advance(10_000);
  expect(restarts.recent('kubelet.service', 44)).toBe(4);
  await clock.advance(5 * 60_000 - 10_000);
  expect(restarts.recent('kubelet.service', 44)).toBe(1);
  expect(restarts.recent('etcd.service', 7)).toBe(0);
});

test('a unit that somebody started by hand begins anew', async () => {
  const clock = new FakeClock();
  const restarts = createRestartCounts(clock);
  restarts.recent('kubelet.service', 0);
  expect(restarts.recent('kubelet.service', 5)).toBe(5);
  expect(restarts.recent('kubelet.service', 0)).toBe(0);
  expect(restarts.recent('kubelet.service', 1)).toBe(1);
});
