// For commands that wait or watch: a coordinator that is restarted or hangs for a while is waited for,
// said once and once again when it is back. What such a command asks is safe to ask twice.
import { AppError } from '../../shared/errors.ts';
import type { CliIo } from './cli-io.ts';
import type { Call } from './connection.ts';

export interface Patience {
  /** Boot clock; the command gives up then. Null: only when it is interrupted. */
  readonly untilMs: number | null;
}

const retryMs = 1_000;
const probeMs = 5_000;
const shortestMs = 500;

/**
 * A coordinator that is not there at the very first is not waited for: more often than a restart that
 * is the wrong directory, and then nobody will ever be there.
 */
export function patiently(call: Call, { untilMs }: Patience, io: CliIo): Call {
  let wasThere = false;
  // Two calls may be open at once (a watch and what it is for): the first that notices says so.
  let outage: Promise<void> | null = null;
  const leftMs = (): number => (untilMs === null ? Infinity : untilMs - io.clock.boot());

  /** Something that is answered at once: what a command asks may be held for a while. */
  const probe = async (): Promise<void> => {
    await call('Version', {}, { timeoutMs: Math.min(probeMs, Math.max(leftMs(), shortestMs)) });
    wasThere = true;
  };

  const untilBack = async (): Promise<void> => {
    io.err('the coordinator does not answer, waiting for it\n');
    for (;;) {
      if (leftMs() <= 0) {
        throw new AppError('timeout', 'the coordinator did not answer in the time that was given');
      }
      await io.clock.sleep(Math.min(retryMs, leftMs()), io.signal);
      try {
        await probe();
        break;
      } catch (thrown) {
        if (!isSilence(thrown)) throw thrown;
      }
    }
    io.err('the coordinator answers again\n');
  };

  return async (method, request, given = {}) => {
    for (;;) {
      try {
        if (!wasThere) await probe();
        const timeoutMs = Math.min(given.timeoutMs ?? Infinity, Math.max(leftMs(), shortestMs));
        const within = Number.isFinite(timeoutMs) ? { timeoutMs } : {};
        return await call(method, request, { ...given, ...within });
      } catch (thrown) {
        if (!isSilence(thrown)) throw thrown;
        if (!wasThere && thrown.code === 'unavailable') throw thrown;
        outage ??= untilBack().finally(() => {
          outage = null;
        });
        await outage;
        given.signal?.throwIfAborted();
      }
    }
  };
}

/** No handler of the coordinator answers either code. */
const isSilence = (thrown: unknown): thrown is AppError =>
  thrown instanceof AppError && (thrown.code === 'unavailable' || thrown.code === 'timeout');
