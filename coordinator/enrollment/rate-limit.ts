// Limits on joins: a source that failed too often in the last minute waits, and there is a cap on
// all joins together, so that a flood costs no more than that.
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';

export interface RateLimit {
  /** @throws AppError rate-limited */
  admit(source: string): void;
  failed(source: string): void;
}

const windowMs = 60_000;
const failuresPerWindow = 5;
const joinsPerSecond = 50;
const sourcesRemembered = 10_000;

export function createRateLimit(clock: Clock): RateLimit {
  const failures = new Map<string, number[]>();
  let second = 0;
  let joins = 0;

  const recent = (source: string): number[] =>
    (failures.get(source) ?? []).filter((atMs) => atMs > clock.boot() - windowMs);

  return {
    admit(source) {
      const now = Math.floor(clock.boot() / 1000);
      if (now !== second) {
        second = now;
        joins = 0;
      }
      joins += 1;
      if (joins > joinsPerSecond) {
        throw new AppError('rate-limited', 'too many joins at once: try again in a few seconds', {
          retryable: true,
        });
      }
      if (recent(source).length >= failuresPerWindow) {
        throw new AppError(
          'rate-limited',
          `${failuresPerWindow} joins from this address failed within a minute: try again in a minute`,
          { retryable: true },
        );
      }
    },
    failed(source) {
      const list = [...recent(source), clock.boot()];
      failures.delete(source);
      failures.set(source, list);
      for (const oldest of failures.keys()) {
        if (failures.size <= sourcesRemembered) break;
        failures.delete(oldest);
      }
    },
  };
}
