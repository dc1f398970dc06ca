// Waits for a coordinator that does not answer: a busy machine, or one that is being started again.
// Whoever watches is told that it waits and for how long; only a coordinator that has ended is an error.
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../../shared/errors.ts';

export interface Watched {
  /** False once the coordinator's process has ended. */
  isServing(): Promise<boolean>;
  /** Where the reason stands when it has ended. */
  readonly coordinatorLog: string;
}

export interface Patience {
  readonly say: (line: string) => void;
  /** Silence that is not worth a line. @default 5 s */
  readonly quietMs?: number;
  /** Between a refused call and the next. @default 500 ms */
  readonly pauseMs?: number;
}

/** Asks until there is an answer. @throws what is no missing answer, and Error when none can come */
export async function untilAnswered<T>(
  watched: Watched,
  ask: () => Promise<T>,
  { say, quietMs = 5000, pauseMs = 500 }: Patience,
): Promise<T> {
  const beganMs = Date.now();
  const waited = (): string => `${Math.round((Date.now() - beganMs) / 1000)} s`;
  let hasTold = false;
  const timer = setTimeout(() => {
    hasTold = true;
    say(`the coordinator has not answered for ${waited()}: waiting for it`);
  }, quietMs);
  try {
    for (;;) {
      const answer = await answerOf(watched, ask);
      if (answer === null) {
        await delay(pauseMs);
        continue;
      }
      if (hasTold) say(`the coordinator answers again, after ${waited()}`);
      return answer.value;
    }
  } finally {
    clearTimeout(timer);
  }
}

async function answerOf<T>(
  watched: Watched,
  ask: () => Promise<T>,
): Promise<{ readonly value: T } | null> {
  try {
    return { value: await ask() };
  } catch (error) {
    const isMissing =
      error instanceof AppError && (error.code === 'unavailable' || error.code === 'timeout');
    if (!isMissing) throw error;
    if (await watched.isServing()) return null;
    throw new Error(
      `the coordinator has ended: see ${watched.coordinatorLog}; the same command starts it again`,
      { cause: error },
    );
  }
}
