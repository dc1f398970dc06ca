// Looks at the agent's own memory while it is idle, collects its garbage, and says when only a new start
// would give much of it back. What a start means is the caller's; the decision is judge-memory.ts's.
import type { Clock } from '../shared/clock.ts';
import { toAppError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { judgeMemory } from './judge-memory.ts';

/** This process, as the watch needs it. */
export interface OwnProcess {
  /** RssAnon. @throws when it cannot be read */
  anonymousBytes(): Promise<number>;
  /** Collects garbage and gives its pages back. Stops everything for up to a tenth of a second. */
  collect(): void;
  /** Boot time at which the agent last started itself again; null when it did not. */
  readonly startedAgainBootMs: number | null;
}

export interface MemoryWatchOptions {
  readonly own: OwnProcess;
  /** No plan is unfinished and the coordinator has heard everything. */
  readonly isIdle: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onStartAgain: () => void;
}

export interface MemoryWatch {
  /** A plan began or ended. */
  noteWork(): void;
  /** Ends when the signal fires, or after `onStartAgain`. */
  run(): Promise<void>;
}

const lookEveryMs = 5_000;

export function createMemoryWatch(options: MemoryWatchOptions): MemoryWatch {
  const { own, clock, log, signal } = options;
  let hasWorked = false;
  let busyBootMs = clock.boot();
  let collectedBootMs: number | null = null;

  const anonymous = async (): Promise<number | null> => {
    try {
      return await own.anonymousBytes();
    } catch (thrown) {
      log.debug({ why: toAppError(thrown).message }, 'its own memory cannot be read');
      return null;
    }
  };

  return {
    noteWork: () => {
      hasWorked = true;
      busyBootMs = clock.boot();
    },
    run: async () => {
      const atStartBytes = await anonymous();
      for (;;) {
        await clock.sleep(lookEveryMs, signal);
        const anonymousBytes = await anonymous();
        const now = clock.boot();
        if (!options.isIdle()) busyBootMs = now;
        const { startedAgainBootMs } = own;
        const sinceStartedAgainMs = startedAgainBootMs === null ? null : now - startedAgainBootMs;
        const idleMs = now - busyBootMs;
        const sinceCollectedMs = collectedBootMs === null ? null : now - collectedBootMs;
        const look = {
          anonymousBytes,
          atStartBytes,
          hasWorked,
          idleMs,
          sinceStartedAgainMs,
          sinceCollectedMs,
        };
        const verdict = judgeMemory(look);
        if (verdict === 'collect') {
          collectedBootMs = now;
          own.collect();
        }
        if (verdict !== 'start-again') continue;
        log.info(look, 'idle, and grown by its work: the agent starts itself again');
        options.onStartAgain();
        return;
      }
    },
  };
}
