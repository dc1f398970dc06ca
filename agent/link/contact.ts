// What is known of the coordinator from its signed answers: its time, when it last answered, which
// plans may go on. The only source of signed time; time between answers is the boot clock's.
import type { Clock } from '../../shared/clock.ts';
import type { Answer } from '../../shared/model/plan.ts';
import { untilAborted } from '../../shared/until-aborted.ts';
import type { CoordinatorContact } from '../plan/executor.ts';

export interface Contact extends CoordinatorContact {
  /** Of a verified answer, as soon as it is there. */
  take(answer: Answer): void;
  /** The coordinator's time; this host's own before the first answer. */
  signedNow(): number;
  /** The coordinator's time minus ours; null before the first answer. */
  skewMs(): number | null;
}

interface Taken {
  readonly timeMs: number;
  readonly bootMs: number;
  readonly skewMs: number;
  readonly goOn: ReadonlySet<string>;
}

export function createContact(clock: Clock): Contact {
  let last: Taken | null = null;
  let next = Promise.withResolvers<void>();
  return {
    take: (answer) => {
      const skewMs = answer.timeMs - clock.now();
      last = { timeMs: answer.timeMs, bootMs: clock.boot(), skewMs, goOn: new Set(answer.goOn) };
      next.resolve();
      next = Promise.withResolvers<void>();
    },
    signedNow: () => (last === null ? clock.now() : last.timeMs + (clock.boot() - last.bootMs)),
    skewMs: () => last?.skewMs ?? null,
    lastAnswerBootMs: () => last?.bootMs ?? null,
    mayGoOn: (planId) => last?.goOn.has(planId) ?? false,
    nextAnswer: (signal) => untilAborted(signal, next.promise),
  };
}
