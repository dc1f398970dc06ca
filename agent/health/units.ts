// The units of a node, by one `systemctl show`. Restarts are counted here, because systemd's own
// counter never says when they were.
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { type UnitHealth, watchedUnits } from '../../shared/model/health.ts';
import type { Host } from '../host/host.ts';
import { parseProperties } from '../host/unit-state.ts';

export interface UnitSources {
  readonly host: Host;
  readonly restarts: RestartCounts;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

const properties = [
  'Id',
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'NRestarts',
  'StateChangeTimestamp',
];

/** @throws AppError timeout, exec-failed */
export async function readUnits(sources: UnitSources): Promise<readonly UnitHealth[]> {
  const { host, restarts, limitMs, signal } = sources;
  const argv = ['systemctl', 'show', `--property=${properties.join(',')}`, ...watchedUnits];
  // Times are printed in the time zone of whoever asks.
  const options = { timeoutMs: limitMs, env: { TZ: 'UTC' }, signal };
  const { exitCode, stdout, stderr } = await host.read(argv, options);
  if (exitCode !== 0) throw new AppError('exec-failed', `systemctl show: ${stderr.trim()}`);
  const shown = stdout.split(/\n\n+/).map(parseProperties);
  return watchedUnits.map((name) => {
    const unit = shown.find((entry) => entry['Id'] === name);
    const text = (property: string): string => unit?.[property] ?? '';
    return {
      name,
      load: text('LoadState') || 'not-found',
      active: text('ActiveState') || 'inactive',
      sub: text('SubState') || 'dead',
      result: text('Result') || 'success',
      recentRestarts: restarts.recent(name, Number(text('NRestarts') || 0)),
      sinceMs: parseTimestamp(text('StateChangeTimestamp')),
    };
  });
}

/** `Sat 2026-11-21 17:24:26 UTC`; null for a unit that never changed its state. */
export function parseTimestamp(text: string): number | null {
  const [, date, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(text) ?? [];
  return date === undefined || time === undefined ? null : Date.parse(`${date}T${time}Z`);
}

const windowMs = 5 * 60_000;

/** What systemd restarted by itself within the last five minutes, from its counter at each look. */
export interface RestartCounts {
  recent(unit: string, counter: number): number;
}

export function createRestartCounts(clock: Clock): RestartCounts {
  const looks = new Map<string, { readonly counter: number; readonly steps: readonly Step[] }>();
  return {
    recent(unit, counter) {
      const now = clock.boot();
      const before = looks.get(unit);
      const kept = (before?.steps ?? []).filter(({ atMs }) => now - atMs < windowMs);
      // The counter begins anew when somebody starts the unit by hand.
      const isReset = before !== undefined && counter < before.counter;
      const more = before === undefined || isReset ? 0 : counter - before.counter;
      const steps = isReset ? [] : more > 0 ? [...kept, { atMs: now, count: more }] : kept;
      looks.set(unit, { counter, steps });
      return steps.reduce((sum, step) => sum + step.count, 0);
    },
  };
}

interface Step {
  readonly atMs: number;
  readonly count: number;
}
