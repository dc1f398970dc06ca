// Programs run inside a guest through its agent: to their end with all they wrote, or followed while
// they write. The agent starts them as root with a clean environment.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunOptions, RunResult } from '../run.ts';
import { askGuest, type CallOptions, GuestRefusal } from './guest-agent.ts';

const environment = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'LANG=C.UTF-8',
];
/** A guest without hardware help takes its time over everything. */
const answerTimeoutMs = 120_000;
const pollMs = 100;
/** Asking costs the guest as much as a small program: what takes long is asked about more and more rarely. */
const rarestPollMs = 1000;
const chunkBytes = 1024 * 1024;

export type GuestRunOptions = Pick<RunOptions, 'stdin' | 'timeoutMs' | 'signal'>;

interface Status {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}

/** Runs a program to its end. @throws Error when it takes longer than it may; it is then killed */
export async function runInGuest(
  socketPath: string,
  argv: readonly string[],
  options: GuestRunOptions = {},
): Promise<RunResult> {
  const { stdin, timeoutMs = Number.POSITIVE_INFINITY, signal } = options;
  const call = { timeoutMs: Math.min(timeoutMs, answerTimeoutMs), signal };
  const endMs = Date.now() + timeoutMs;
  const input = { 'input-data': base64(stdin ?? ''), 'capture-output': true };
  const pid = await start(socketPath, { argv, more: input }, call).catch((error: unknown) => {
    if (error instanceof GuestRefusal) return error;
    throw error;
  });
  // As a shell tells of a program that is not there.
  if (typeof pid !== 'number') return { stdout: '', stderr: `${pid.message}\n`, exitCode: 127 };
  // What is asked of the one that runs may take as long as the guest needs.
  const patient = { timeoutMs: answerTimeoutMs };
  for (let waitMs = pollMs; ; waitMs = Math.min(waitMs * 1.5, rarestPollMs)) {
    const status = await statusOf(socketPath, pid, patient);
    if (status.exited) {
      return {
        stdout: text(status['out-data']),
        stderr: text(status['err-data']),
        exitCode: exitCodeOf(status),
      };
    }
    if (signal?.aborted === true || Date.now() > endMs) {
      await start(socketPath, { argv: ['kill', '-KILL', String(pid)] }, patient);
      signal?.throwIfAborted();
      throw new Error(`${argv.join(' ')} (in a host) took longer than ${timeoutMs} ms`);
    }
    await sleep(waitMs);
  }
}

export interface Listener {
  out(bytes: Buffer): void;
  err(bytes: Buffer): void;
}

/** Runs a program and hands on what it writes while it runs; returns its exit code. */
export async function followInGuest(
  socketPath: string,
  { argv, stdin, signal }: { argv: readonly string[]; stdin: string; signal?: AbortSignal },
  listener: Listener,
): Promise<number> {
  const call = { timeoutMs: answerTimeoutMs };
  const place = `/run/lab-${randomUUID()}`;
  const script = 'mkdir -m 700 "$0" && : >"$0/out" && : >"$0/err"';
  await runInGuest(socketPath, ['sh', '-c', script, place]);
  const redirected = ['sh', '-c', 'exec "$@" >"$0/out" 2>"$0/err"', place, ...argv];
  const input = { 'input-data': base64(stdin) };
  const pid = await start(socketPath, { argv: redirected, more: input }, call);
  const handles = await Promise.all(
    ['out', 'err'].map((name) =>
      askGuest(
        socketPath,
        { execute: 'guest-file-open', arguments: { path: `${place}/${name}`, mode: 'r' } },
        call,
      ),
    ),
  );
  const drain = async (): Promise<void> => {
    await copy(socketPath, handles[0], listener.out);
    await copy(socketPath, handles[1], listener.err);
  };
  try {
    for (;;) {
      const status = await statusOf(socketPath, pid, call);
      await drain();
      if (status.exited) return exitCodeOf(status);
      if (signal?.aborted === true) {
        await start(socketPath, { argv: ['kill', '-TERM', String(pid)] }, call);
        return 130;
      }
      await sleep(pollMs);
    }
  } finally {
    for (const handle of handles) {
      await askGuest(
        socketPath,
        { execute: 'guest-file-close', arguments: { handle } },
        call,
      ).catch(() => undefined);
    }
    await runInGuest(socketPath, ['rm', '-rf', place]).catch(() => undefined);
  }
}

async function copy(
  socketPath: string,
  handle: unknown,
  take: (bytes: Buffer) => void,
): Promise<void> {
  for (;;) {
    const read = (await askGuest(
      socketPath,
      { execute: 'guest-file-read', arguments: { handle, count: chunkBytes } },
      { timeoutMs: answerTimeoutMs },
    )) as { readonly count: number; readonly 'buf-b64': string };
    if (read.count === 0) return;
    take(Buffer.from(read['buf-b64'], 'base64'));
  }
}

interface Start {
  readonly argv: readonly string[];
  readonly more?: Readonly<Record<string, unknown>>;
}

/** @returns its pid in the guest */
async function start(
  socketPath: string,
  { argv: [path, ...arg], more }: Start,
  call: CallOptions,
): Promise<number> {
  const words = { path, arg, env: environment, ...more };
  const reply = await askGuest(socketPath, { execute: 'guest-exec', arguments: words }, call);
  return (reply as { readonly pid: number }).pid;
}

async function statusOf(socketPath: string, pid: number, call: CallOptions): Promise<Status> {
  const question = { execute: 'guest-exec-status', arguments: { pid } };
  return (await askGuest(socketPath, question, call)) as Status;
}

/** As a shell tells it. */
const exitCodeOf = ({ exitcode, signal }: Status): number => exitcode ?? 128 + (signal ?? 0);

const base64 = (plain: string): string => Buffer.from(plain).toString('base64');
const text = (encoded: string | undefined): string =>
  encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString();
