// One life of a process: from its start to its end or its death. What a dead one waited for never
// comes, as after a kill: no handler runs, no `finally`. A frozen one goes on later, none the wiser.
import type { Clock } from '../../../shared/clock.ts';
import type { Owner, Scheduler } from './scheduler.ts';

/** When the world began, by every clock that is right. */
export const worldStartMs = 1_800_000_000_000;

/** One of its own for each who waits: what waits for a promise that is kept is kept with it. */
export const forever = (): Promise<never> => new Promise(() => undefined);

export interface Timekeeping {
  /** What this machine's wall clock is ahead by. */
  readonly skewMs: () => number;
  /** Simulated time at which the machine was switched on. */
  readonly bootedMs: number;
}

export class Life implements Owner {
  readonly name: string;
  isAlive = true;
  frozenUntilMs = 0;
  /** Fires when the process is asked to end; never when it is killed. */
  readonly ending = new AbortController();
  readonly clock: Clock;
  readonly scheduler: Scheduler;

  constructor(name: string, scheduler: Scheduler, time: Timekeeping) {
    this.name = name;
    this.scheduler = scheduler;
    this.clock = {
      now: () => Math.floor(worldStartMs + scheduler.nowMs + time.skewMs()),
      boot: () => Math.floor(scheduler.nowMs - time.bootedMs),
      sleep: (ms, signal) => this.sleep(ms, signal),
    };
  }

  private readonly mourners = new Set<() => void>();

  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    for (const tell of this.mourners) tell();
    this.mourners.clear();
  }

  /** What others do when it is killed. @returns takes it back */
  whenKilled(tell: () => void): () => void {
    this.mourners.add(tell);
    return () => void this.mourners.delete(tell);
  }

  freeze(ms: number): void {
    this.frozenUntilMs = Math.max(this.frozenUntilMs, this.scheduler.nowMs + ms);
  }

  /** Comes back after that time, if the process is there to see it. */
  after(ms: number): Promise<void> {
    if (!this.isAlive) return forever();
    return new Promise((resolve) => {
      this.scheduler.schedule(ms, this, resolve);
    });
  }

  /** What comes from outside, at a time the outside chose. */
  async hears<T>(answer: Promise<T>): Promise<T> {
    try {
      const value = await answer;
      await this.after(0);
      return value;
    } catch (thrown) {
      await this.after(0);
      throw thrown;
    }
  }

  private sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (!this.isAlive) return forever();
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        timer.cancel();
        if (this.isAlive) reject(signal?.reason as Error);
      };
      const timer = this.scheduler.schedule(Math.max(1, ms), this, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
