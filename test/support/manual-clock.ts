// The fake clock for tests that do not wait for what it wakes: moved, it is there at once.
import type { Clock } from '../../shared/clock.ts';
import { FakeClock } from '../fakes/clock.ts';

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function manualClock(startMs?: number): ManualClock {
  const clock = new FakeClock(startMs);
  return {
    now: () => clock.now(),
    boot: () => clock.boot(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    advance: (ms) => clock.skip(ms),
  };
}
