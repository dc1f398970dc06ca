// Waiting with a sentence: asks again and again until what is waited for is there, says what it still
// waits for whenever that changes, and gives up in time to say so itself.
import { AppError, toAppError } from '../../shared/errors.ts';
import type { StepContext } from './step-runner.ts';

export type Probe<T> =
  | { readonly kind: 'done'; readonly value: T }
  /** One clause: "node h2 is not Ready: no network plugin". */
  | { readonly kind: 'waits'; readonly for: string };

export const done = <T>(value: T): Probe<T> => ({ kind: 'done', value });
export const waits = <T>(sentence: string): Probe<T> => ({ kind: 'waits', for: sentence });

export interface WaitOptions<T> {
  readonly everyMs: number;
  readonly probe: () => Promise<Probe<T>>;
  /** @default the step's own time, less a second */
  readonly forMs?: number;
}

/** @throws AppError not-ready with what was last waited for; AbortError */
export async function waitUntil<T>(context: StepContext, options: WaitOptions<T>): Promise<T> {
  const { clock, signal } = context;
  const forMs = options.forMs ?? context.timeoutMs - Math.min(1_000, context.timeoutMs / 10);
  const startedAt = clock.boot();
  let said = '';
  for (;;) {
    signal.throwIfAborted();
    const probe = await patient(options.probe);
    if (probe.kind === 'done') return probe.value;
    if (probe.for !== said) context.progress(`waits: ${probe.for}`);
    said = probe.for;
    if (clock.boot() - startedAt >= forMs) {
      const seconds = Math.round((clock.boot() - startedAt) / 1000);
      throw new AppError('not-ready', `after ${seconds} s of waiting: ${probe.for}`, {
        retryable: true,
      });
    }
    await clock.sleep(options.everyMs, signal);
  }
}

/** Does `work` again while it fails in a way that may pass: an API server that is starting, a conflict. */
export async function patiently<T>(context: StepContext, work: () => Promise<T>): Promise<T> {
  return await waitUntil(context, { everyMs: 250, probe: async () => done(await work()) });
}

/** One look, where a failure that may pass is only a "not yet". */
export async function patient<T>(probe: () => Promise<Probe<T>>): Promise<Probe<T>> {
  try {
    return await probe();
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.retryable) return waits(error.message);
    throw thrown;
  }
}
