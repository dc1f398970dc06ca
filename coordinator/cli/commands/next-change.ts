// Until something may have changed: what commands do that follow something to its end.
import type { CliIo } from '../cli-io.ts';
import type { Call } from '../connection.ts';

/** Polls and phases are not records of the store, so silence there is asked about every second. */
export async function nextChange(
  call: Call,
  revision: number,
  limits: { readonly io: CliIo; readonly leftMs: number },
): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([limits.io.signal, over.signal]);
  const pause = limits.io.clock.sleep(Math.min(1000, limits.leftMs), signal);
  const change = call('Watch', { revision }, { signal }).catch(() => undefined);
  try {
    await Promise.race([pause, change]);
  } finally {
    over.abort();
    await pause.catch(() => undefined);
  }
  limits.io.signal.throwIfAborted();
}
