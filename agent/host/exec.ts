// The one door to execa: runs a program from an argv array, never a shell, with a clean environment,
// a timeout and capped output. What it answers is what the program did; it throws only when there was
// no program to run or it did not end in time.
import { constants } from 'node:os';
import { AppError } from '../../shared/errors.ts';
import type { CommandResult, ReadOptions } from './host.ts';

/** Where programs are looked for, on every host alike: our own binaries first. */
export const PROGRAM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Programs see this and nothing of the agent's own environment. */
export const CLEAN_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: PROGRAM_PATH,
  HOME: '/root',
  LC_ALL: 'C',
};

const STDOUT_LIMIT = 16 * 1024 * 1024;
const STDERR_TAIL = 64 * 1024;
const DEFAULT_TIMEOUT_MS = 60_000;

export type RunCommand = (argv: readonly string[], options?: ReadOptions) => Promise<CommandResult>;

/** @throws AppError not-found, timeout, exec-failed (too much output); AbortError */
export const runCommand: RunCommand = async (argv, options = {}) => {
  const [program, ...args] = argv;
  if (program === undefined) throw new AppError('internal', 'a command without a program');
  options.signal?.throwIfAborted();
  const { execa } = await import('execa');
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const result = await execa(program, args, {
    reject: false,
    shell: false,
    stripFinalNewline: false,
    extendEnv: false,
    env: { ...CLEAN_ENVIRONMENT, ...options.env },
    timeout: timeoutMs,
    maxBuffer: STDOUT_LIMIT,
    forceKillAfterDelay: 2_000,
    ...(options.stdin === undefined ? { stdin: 'ignore' as const } : { input: options.stdin }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  const command = argv.join(' ');
  if (result.isCanceled) {
    options.signal?.throwIfAborted();
  }
  if (result.timedOut) {
    throw new AppError('timeout', `\`${command}\` did not end within ${timeoutMs} ms`, {
      retryable: true,
      details: { command, outputTail: tailOf(result.stderr) },
    });
  }
  if (result.isMaxBuffer) {
    throw new AppError('exec-failed', `\`${command}\` printed more than ${STDOUT_LIMIT} bytes`, {
      details: { command },
    });
  }
  if (result.exitCode === undefined && result.signal === undefined) {
    throw notStarted(program, command, result);
  }
  const { stdout, stderr } = result;
  return { exitCode: exitCodeOf(result), stdout, stderr: tailOf(stderr) };
};

/** As shells say it: 128 and the signal's number for a program that was killed. */
function exitCodeOf(result: {
  exitCode?: number | undefined;
  signal?: string | undefined;
}): number {
  if (result.exitCode !== undefined) return result.exitCode;
  const signals: Readonly<Record<string, number>> = constants.signals;
  return 128 + (signals[result.signal ?? ''] ?? 0);
}

function notStarted(program: string, command: string, result: object): AppError {
  const cause = 'cause' in result ? result.cause : undefined;
  const code = 'code' in result ? result.code : undefined;
  if (code === 'ENOENT') {
    return new AppError(
      'not-found',
      `there is no program ${program} on ${PROGRAM_PATH}: install it`,
      {
        details: { command },
        cause,
      },
    );
  }
  return new AppError('exec-failed', `\`${command}\` could not be started: ${String(code)}`, {
    details: { command },
    cause,
  });
}

/** The last 64 KiB of a text. */
export function tailOf(text: string, limit = STDERR_TAIL): string {
  return text.length <= limit ? text : text.slice(-limit);
}
