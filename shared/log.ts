// The one door to pino. Messages are static; what varies goes into fields, named alike everywhere:
// clusterId, nodeId, planId, stepId, attempt, durationMs. Written synchronously, so that a crash
// loses no line.
import pino from 'pino';
import { redact } from './redact.ts';

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

const redacted = [
  'token',
  'secret',
  'password',
  'key',
  'privateKey',
  '*.token',
  '*.secret',
  '*.privateKey',
];

/** What programs and other hosts say stands in fields: whatever it holds, no secret gets into a log. */
function redactedFields(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? redact(value) : value,
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function redactedError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const { message, stack, ...rest } = pino.stdSerializers.err(thrown);
  return { ...rest, message: redact(message), stack: redact(stack) };
}

function redactedMessage(
  this: pino.Logger,
  parts: Parameters<pino.LogFn>,
  write: pino.LogFn,
): void {
  write.apply(
    this,
    parts.map((part: unknown) => (typeof part === 'string' ? redact(part) : part)) as typeof parts,
  );
}

/** Lines of JSON on stderr: stdout is for data. */
export function createLogger(level: string, fields: object): Logger {
  const destination = pino.destination({ dest: 2, sync: true });
  const options = {
    level,
    base: fields,
    redact: redacted,
    formatters: { log: redactedFields },
    serializers: { err: redactedError },
    hooks: { logMethod: redactedMessage },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(options, destination);
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
