// The lab's one door to other programs (the only import of execa under test/lab).
// A failed program throws with its command, exit code and the end of its output; nothing here
// interprets output, and no shell ever parses an argument.
import { execa } from 'execa';

export interface RunOptions {
  readonly stdin?: string;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  /** The whole environment of the program; the caller's own when absent. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables added to the caller's environment. */
  readonly extraEnv?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** What errors call the command instead of its argv. */
  readonly title?: string;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const outputLimitBytes = 64 * 1024 * 1024;
const shownOutputCharacters = 2000;

/** Runs a program to its end; a non-zero exit code is an ordinary result. */
export async function tryRun(
  argv: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const [file, ...args] = splitCommand(argv);
  const result = await execa(file, args, {
    reject: false,
    stripFinalNewline: false,
    maxBuffer: outputLimitBytes,
    ...(options.stdin === undefined ? { stdin: 'ignore' } : { input: options.stdin }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...spawnOptions(options),
  });
  options.signal?.throwIfAborted();
  if (result.timedOut) {
    throw new Error(`${options.title ?? argv.join(' ')} took longer than ${options.timeoutMs} ms`);
  }
  if (result.exitCode === undefined) {
    if (result.signal === undefined) throw new Error(result.shortMessage ?? `cannot run ${file}`);
    return { stdout: text(result.stdout), stderr: text(result.stderr), exitCode: 137 };
  }
  return { stdout: text(result.stdout), stderr: text(result.stderr), exitCode: result.exitCode };
}

/** Runs a program that has to succeed and returns what it wrote to stdout. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { stdout, stderr, exitCode } = await tryRun(argv, options);
  if (exitCode === 0) return stdout;
  const output = `${stdout}${stderr}`.trim().slice(-shownOutputCharacters);
  throw new Error(`${options.title ?? argv.join(' ')} ended with ${exitCode}: ${output}`);
}

/** Runs a program on the caller's own terminal and returns its exit code. */
export async function runAttached(
  argv: readonly string[],
  options: RunOptions = {},
): Promise<number> {
  const [file, ...args] = splitCommand(argv);
  // Ctrl-C reaches the program too, and what it means is the program's business.
  const leaveIt = (): void => {};
  process.on('SIGINT', leaveIt);
  const result = await execa(file, args, {
    reject: false,
    stdio: 'inherit',
    ...spawnOptions(options),
  });
  process.off('SIGINT', leaveIt);
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new Error(result.shortMessage ?? `cannot run ${file}`);
  }
  return result.exitCode ?? 130;
}

/** Starts a program that outlives this process; its output is appended to a file. */
export function startDetached(argv: readonly string[], outputPath: string): void {
  // A pipe would have this process as its reader, so the program opens the file itself.
  const child = execa('sh', ['-c', 'exec "$@" >> "$0" 2>&1', outputPath, ...argv], {
    detached: true,
    cleanup: false,
    reject: false,
    stdio: 'ignore',
  });
  child.nodeChildProcess.unref();
}

export interface Holder {
  readonly pid: number;
  release(): Promise<void>;
}

/** Starts a program that holds something from its first line of output until its stdin closes. */
export async function startHolder(argv: readonly string[], signal?: AbortSignal): Promise<Holder> {
  const [file, ...args] = splitCommand(argv);
  const child = execa(file, args, {
    reject: false,
    stdin: 'pipe',
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  const ready = new Promise<boolean>((resolve) => {
    child.stdout.once('data', () => resolve(true));
    child.nodeChildProcess.once('exit', () => resolve(false));
    child.nodeChildProcess.once('error', () => resolve(false));
  });
  const isReady = await ready;
  signal?.throwIfAborted();
  if (!isReady || child.pid === undefined) throw new Error(`${argv.join(' ')} did not start`);
  return {
    pid: child.pid,
    release: async () => {
      child.stdin.end();
      await child;
    },
  };
}

function splitCommand(argv: readonly string[]): readonly [string, ...string[]] {
  const [file, ...args] = argv;
  if (file === undefined) throw new Error('a command needs at least the name of a program');
  return [file, ...args];
}

function spawnOptions(options: RunOptions) {
  return {
    env: { ...(options.env ?? options.extraEnv) },
    extendEnv: options.env === undefined,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  };
}

function text(output: unknown): string {
  return typeof output === 'string' ? output : '';
}
