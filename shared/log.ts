// The one door to pino. Messages are static; what varies goes into fields, named alike everywhere:
// clusterId, nodeId, planId, stepId, attempt, durationMs. Written synchronously, so that a crash
// loses no line.
import pino from 'pino';

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

/** Lines of JSON on stderr: stdout is for data. */
export function createLogger(level: string, fields: object): Logger {
  const destination = pino.destination({ dest: 2, sync: true });
  const options = {
    level,
    base: fields,
    redact: redacted,
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
