// The exit codes that scripts rely on: one table.
import type { ErrorCode } from '../../shared/errors.ts';

export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  notFound: 4,
  unreachable: 5,
  conflict: 6,
  waitedTooLong: 124,
  interrupted: 130,
} as const;

const codes: Partial<Record<ErrorCode, number>> = {
  usage: exitCode.usage,
  invalid: exitCode.usage,
  refused: exitCode.refused,
  unauthenticated: exitCode.refused,
  'permission-denied': exitCode.refused,
  'not-found': exitCode.notFound,
  unavailable: exitCode.unreachable,
  conflict: exitCode.conflict,
  timeout: exitCode.waitedTooLong,
};

export const exitCodeFor = (code: ErrorCode): number => codes[code] ?? exitCode.failed;
