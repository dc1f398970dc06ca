// The long poll: heartbeat and source of plans. Polls without end, also while steps run; polls again
// at once when what it would say has changed. An answer that does not verify is a failed poll.
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Answer, Envelope } from '../../shared/model/plan.ts';
import { newId, type Random } from '../../shared/random.ts';
import { backoffMs } from '../../shared/retry.ts';
import type { AnswerVerdict } from '../plan/verify-answer.ts';
import type { CoordinatorLink, Poll, PollReply } from './coordinator-link.ts';

export interface PollLoopOptions {
  readonly link: () => CoordinatorLink;
  /** What the agent says in a poll, beyond its number, nonce and hold. */
  readonly describe: () => Omit<Poll, 'instanceId' | 'poll' | 'nonce' | 'holdMs'>;
  readonly isWorking: () => boolean;
  readonly verify: (answer: Envelope, nonce: Uint8Array) => AnswerVerdict;
  /** True: something new was taken from the reply. */
  readonly onReply: (plans: readonly Envelope[], answer: Answer) => Promise<boolean>;
  /** The coordinator does not know this host by its certificate. */
  readonly onNotKnown?: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
  readonly signal: AbortSignal;
}

export interface PollLoop {
  /** Ends when the signal fires. */
  run(): Promise<void>;
  /** What the agent would say has changed: the coordinator is to know now. */
  wake(): void;
}

/** Each poll is a sign of life; the coordinator holds none for longer. */
export const IDLE_HOLD_MS = 10_000;
/** Shorter while steps run, so that what they wait for is shown and answers stay young. */
export const WORKING_HOLD_MS = 5_000;
/** So that a host is back soon after an operator has let it. */
const lockedOutMs = 15_000;
const shortestTurnMs = 200;
/** Then somebody may be keeping the coordinator's word from the host. */
const staleMs = 300_000;
const backoff = { firstMs: 300, maxMs: 15_000 };

export function createPollLoop(options: PollLoopOptions): PollLoop {
  const { clock, log, signal } = options;
  const instanceId = newId(options.random);
  let turn = new AbortController();
  let failures = 0;
  /** Of a host that is locked out the log says why, once, and not four times a minute for days. */
  let saidOut = '';
  /** When an answer that was verified last came, or the agent began. */
  let answeredBootMs = clock.boot();
  let saidStale = false;
  /** The last poll that ended was answered; one that was given up for news has not ended. */
  let isConnected = false;
  signal.addEventListener('abort', () => turn.abort(), { once: true });

  const poll = async (number: number): Promise<boolean> => {
    const nonce = options.random.bytes(16);
    const holdMs = options.isWorking() ? WORKING_HOLD_MS : IDLE_HOLD_MS;
    const request: Poll = {
      ...options.describe(),
      instanceId,
      poll: number,
      nonce,
      // The first answer is the sign of life and the time: it does not wait.
      holdMs: isConnected ? holdMs : 0,
    };
    const reply: PollReply = await options.link().pullPlan(request, turn.signal);
    const verdict = options.verify(reply.answer, nonce);
    if (verdict.kind === 'refuse')
      throw new AppError('invalid', verdict.message, { retryable: true });
    if (!isConnected)
      log.info(
        { instanceId, sinceExecMs: Math.round(performance.now()) },
        'connected to the coordinator',
      );
    failures = 0;
    answeredBootMs = clock.boot();
    saidStale = false;
    saidOut = '';
    isConnected = true;
    return await options.onReply(reply.plans, verdict.answer);
  };

  const fail = async (thrown: unknown): Promise<void> => {
    const failure = toAppError(thrown);
    failures += 1;
    isConnected = false;
    const isLockedOut = failure.code === 'unauthenticated' || failure.code === 'permission-denied';
    const waitMs = isLockedOut
      ? Math.round(lockedOutMs * (0.75 + options.random.fraction() / 2))
      : backoffMs(failures, backoff, options.random.fraction());
    const what = isLockedOut
      ? `the coordinator does not take this host: ${failure.message}; the agent begins nothing new and keeps asking`
      : `no answer: ${failure.message}`;
    if (failure.code === 'unauthenticated') options.onNotKnown?.();
    if (!isLockedOut || what !== saidOut) log.warn({ code: failure.code, waitMs }, what);
    saidOut = isLockedOut ? what : '';
    sayStale();
    await clock.sleep(waitMs, signal);
  };

  /** Once for each time that the answers stay away. */
  const sayStale = (): void => {
    const silentMs = clock.boot() - answeredBootMs;
    if (saidStale || silentMs < staleMs) return;
    saidStale = true;
    log.error(
      { code: 'stale', silentMs },
      'stale: no fresh signed answer of the coordinator for five minutes; what runs goes on, nothing new and nothing disrupting begins',
    );
  };

  return {
    wake: () => turn.abort(),
    run: async () => {
      for (let number = 1; !signal.aborted; number += 1) {
        turn = new AbortController();
        const began = clock.boot();
        try {
          const isNew = await poll(number);
          // A reply that brings nothing new and did not wait must not become a busy loop.
          const isHasty = !isNew && clock.boot() - began < shortestTurnMs;
          if (isHasty && number > 1) await clock.sleep(shortestTurnMs, turn.signal);
        } catch (thrown) {
          if (signal.aborted) return;
          if (turn.signal.aborted) continue;
          try {
            await fail(thrown);
          } catch {
            // Only the end of the agent ends this wait; the loop's condition sees it.
          }
        }
      }
    },
  };
}
