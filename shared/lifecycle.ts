// Parts started in order and stopped in reverse; the first SIGTERM or SIGINT asks everything to
// stop, a second one does not wait.

export interface Part {
  readonly name: string;
  stop(): Promise<void>;
}

/** A signal that fires at the first SIGTERM or SIGINT. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exitCode = 1;
    controller.abort();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  return controller.signal;
}

/** Stops `parts` in reverse; every part is tried, the first failure is thrown at the end. */
export async function stopAll(parts: readonly Part[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts.toReversed()) {
    try {
      await part.stop();
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  if (failures.length > 0) throw failures[0];
}
