// A number that only grows, and waiting for it to pass another. What `changed` of a store is made
// of; also used by the feed of events.

export interface ChangeSignal {
  advance(to: number): void;
  /** Resolves once the number is above `after`. @throws AbortError */
  above(after: number, signal: AbortSignal): Promise<void>;
}

export function changeSignal(start: number): ChangeSignal {
  let current = start;
  const waiters = new Set<{ readonly after: number; readonly wake: () => void }>();
  return {
    advance(to) {
      if (to <= current) return;
      current = to;
      for (const waiter of [...waiters]) if (current > waiter.after) waiter.wake();
    },
    above(after, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(abortError(signal));
          return;
        }
        if (current > after) {
          resolve();
          return;
        }
        const finish = (): void => {
          waiters.delete(waiter);
          signal.removeEventListener('abort', onAbort);
        };
        const onAbort = (): void => {
          finish();
          reject(abortError(signal));
        };
        const waiter = {
          after,
          wake: () => {
            finish();
            resolve();
          },
        };
        waiters.add(waiter);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
  };
}

const abortError = (signal: AbortSignal): unknown =>
  signal.reason ?? new DOMException('aborted', 'AbortError');
