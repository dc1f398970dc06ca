// Sends the tail of the journal to the coordinator, in order, until it has it. The coordinator's
// answer is the next offset it wants, so a lost reply or a repeat does no harm.
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import { following } from '../../shared/following.ts';
import type { Logger } from '../../shared/log.ts';
import { backoffMs } from '../../shared/retry.ts';
import type { Journal } from '../plan/journal.ts';
import type { CoordinatorLink } from './coordinator-link.ts';

export interface OutboxOptions {
  readonly journal: Journal;
  readonly link: () => CoordinatorLink;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** The coordinator has more than before. */
  readonly onAcknowledged: () => Promise<void>;
}

export interface Outbox {
  /** Ends when the signal fires. */
  run(): Promise<void>;
  /** Comes back when everything written so far has arrived, or after `limitMs`. */
  flush(limitMs: number): Promise<void>;
}

const batchBytes = 1024 * 1024;
/** Records come in bursts, the end of a step and the beginning of the next: one call for both. */
const gatherMs = 25;
const backoff = { firstMs: 200, maxMs: 10_000 };

export function createOutbox(options: OutboxOptions): Outbox {
  const { journal, clock, log, signal } = options;
  let changed = Promise.withResolvers<void>();
  const ring = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  journal.onAppend(ring);
  signal.addEventListener('abort', ring, { once: true });
  /** Somebody waits for the arrival: nothing is gathered. */
  let flushes = 0;
  let hurry = Promise.withResolvers<void>();

  const gather = async (): Promise<void> => {
    if (flushes > 0) return;
    const wait = following(signal);
    const late = pause(clock, gatherMs, wait.signal);
    await Promise.race([late, hurry.promise]);
    wait.end();
    await late;
  };

  /** True when the coordinator has got further, or has everything. */
  const send = async (): Promise<boolean> => {
    const offset = Math.max(journal.acknowledged, journal.base);
    const records = journal.read(offset, batchBytes);
    const next = await options.link().reportProgress(journal.id, offset, records, signal);
    if (!Number.isSafeInteger(next) || next < 0)
      throw new AppError('invalid', `the coordinator wants record ${next}`, { retryable: true });
    await journal.acknowledge(next);
    await options.onAcknowledged();
    return journal.acknowledged > offset || journal.acknowledged >= journal.end;
  };

  return {
    run: async () => {
      // The first call is made even with nothing to send: it tells where the coordinator is.
      let isDue = true;
      let failures = 0;
      while (!signal.aborted) {
        const more = changed.promise;
        if (!isDue && journal.acknowledged >= journal.end) {
          await more;
          await gather();
          continue;
        }
        try {
          const isFurther = await send();
          ring();
          isDue = false;
          failures = isFurther ? 0 : failures + 1;
        } catch (thrown) {
          if (signal.aborted) return;
          failures += 1;
          if (failures === 1)
            log.warn({ why: toAppError(thrown).message }, 'progress waits to be sent');
        }
        if (failures > 0)
          await pause(clock, backoffMs(failures, backoff, options.random()), signal);
      }
    },
    flush: async (limitMs) => {
      const deadline = clock.boot() + limitMs;
      const wanted = journal.end;
      flushes += 1;
      hurry.resolve();
      hurry = Promise.withResolvers<void>();
      const over = new AbortController();
      const timer = pause(clock, limitMs, over.signal);
      while (journal.acknowledged < wanted && clock.boot() < deadline && !signal.aborted) {
        await Promise.race([changed.promise, timer]);
      }
      over.abort();
      flushes -= 1;
    },
  };
}

/** A sleep that an abort ends without an error. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
