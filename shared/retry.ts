// Backoff: capped doubling with full jitter, so that a fleet does not come back in one second.
import type { Clock } from './clock.ts';
import { isAbort } from './errors.ts';

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The wait before try `attempt` (1 = the first repeat); `random` in [0, 1). At least a tenth of the cap of that try. */
export function backoffMs(attempt: number, options: BackoffOptions, random: number): number {
  const cap = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(cap / 10 + random * cap * 0.9);
}

export interface RetryOptions extends BackoffOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Whether the failure is worth another try. */
  readonly isRetryable: (thrown: unknown) => boolean;
  /** @default no limit */
  readonly attempts?: number;
  readonly onRetry?: (thrown: unknown, waitMs: number, attempt: number) => void;
}

/** Runs `work` until it succeeds, fails for good or the signal fires. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    options.signal.throwIfAborted();
    try {
      return await work();
    } catch (thrown) {
      const isLast = options.attempts !== undefined && attempt >= options.attempts;
      if (isAbort(thrown) || isLast || !options.isRetryable(thrown)) throw thrown;
      const waitMs = backoffMs(attempt, options, options.random());
      options.onRetry?.(thrown, waitMs, attempt);
      await options.clock.sleep(waitMs, options.signal);
    }
  }
}
