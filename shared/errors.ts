// The failure lane: an AppError names what failed, the value seen and what to do. Refusals are
// values and stops are aborts; neither is ever one of these.

export const errorCodes = [
  'usage',
  'invalid',
  'not-found',
  'conflict',
  'refused',
  'unauthenticated',
  'permission-denied',
  'rate-limited',
  'unavailable',
  'timeout',
  'exec-failed',
  'artifact',
  'not-ready',
  'outcome-unknown',
  'credentials-expired',
  'journal-corrupt',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface AppErrorOptions {
  /** Trying the same thing again may work. @default false */
  readonly retryable?: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** Any thrown value as an AppError; what is not one becomes `internal`, with the value as cause. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError('internal', message, { cause: thrown });
}

/** True for what `signal.throwIfAborted()` and aborted waits throw: a stop, never a failure. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}

/** For the end of a switch over a union: a kind that was forgotten does not compile. */
export function unreachable(value: never): never {
  throw new AppError('internal', `unexpected value: ${JSON.stringify(value)}`);
}
