// A clock that moves only when a test says so; sleeps end in their order. `advance` lets what was
// woken run before it comes back.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.ts';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

export class FakeClock implements Clock {
  private elapsedMs = 0;
  /** Added to the wall clock alone. */
  wallOffsetMs = 0;
  private readonly sleepers = new Set<Sleeper>();
  private readonly startMs: number;

  constructor(startMs = 1_800_000_000_000) {
    this.startMs = startMs;
  }

  now(): number {
    return this.startMs + this.elapsedMs + this.wallOffsetMs;
  }

  boot(): number {
    return this.elapsedMs;
  }

  get sleeping(): number {
    return this.sleepers.size;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = (): void => {
        this.sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      const sleeper: Sleeper = {
        atMs: this.elapsedMs + ms,
        wake: () => {
          this.sleepers.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.sleepers.add(sleeper);
    });
  }

  /** Moves at once; what was woken runs later. */
  skip(ms: number): void {
    this.elapsedMs += ms;
    const due = [...this.sleepers].filter(({ atMs }) => atMs <= this.elapsedMs);
    for (const sleeper of due.sort((a, b) => a.atMs - b.atMs)) sleeper.wake();
  }

  async advance(ms: number): Promise<void> {
    const until = this.elapsedMs + ms;
    for (;;) {
      await settle();
      const due = [...this.sleepers].filter(({ atMs }) => atMs <= until);
      const [next] = due.sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.elapsedMs = Math.max(this.elapsedMs, next.atMs);
      next.wake();
    }
    this.elapsedMs = until;
    await settle();
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settle(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await nextTurn();
}
