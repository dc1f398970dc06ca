// One run of a piece of work for all who ask for it while it goes on. It is stopped only when all of
// them have been stopped, and never runs beside an earlier run that is still ending.
import { untilAborted } from '../../shared/until-aborted.ts';

export interface SharedWork<T> {
  run(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

interface Running<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiters: number;
}

export function createSharedWork<T>(): SharedWork<T> {
  const running = new Map<string, Running<T>>();

  function start(key: string, work: (signal: AbortSignal) => Promise<T>): Running<T> {
    const controller = new AbortController();
    const result = work(controller.signal).finally(() => running.delete(key));
    const entry: Running<T> = { result, controller, waiters: 0 };
    running.set(key, entry);
    return entry;
  }

  async function join(entry: Running<T>, signal: AbortSignal): Promise<T> {
    entry.waiters += 1;
    try {
      return await untilAborted(signal, entry.result);
    } finally {
      entry.waiters -= 1;
      if (entry.waiters === 0) entry.controller.abort();
    }
  }

  return {
    run: async (key, signal, work) => {
      for (;;) {
        signal.throwIfAborted();
        const entry = running.get(key);
        if (entry === undefined) return await join(start(key, work), signal);
        if (!entry.controller.signal.aborted) return await join(entry, signal);
        await entry.result.catch(() => {}); // everybody left it: it ends as an abort
      }
    },
  };
}
