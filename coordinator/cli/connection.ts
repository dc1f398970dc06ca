// From the command line to a coordinator: which socket, and what to say when nobody answers there.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../shared/errors.ts';
import type { MethodName, ReplyOutput, RequestInput } from '../../shared/rpc/calls.ts';
import type { OperatorDefinition } from '../../shared/rpc/generated/muster/v1/Operator.ts';
import type { CliIo } from './cli-io.ts';
import { type Patience, patiently } from './patience.ts';

export const defaultDataDir = '/var/lib/muster';

export interface ConnectionOptions {
  readonly data?: string;
  readonly socket?: string;
}

export function withConnection(command: Command): Command {
  return command
    .option(
      '--socket <path>',
      'socket of the coordinator (default: coordinator.sock in the data directory)',
    )
    .option(
      '--data <dir>',
      `data directory of the coordinator (default: $MUSTER_DATA or ${defaultDataDir})`,
    );
}

export const dataDirOf = (options: ConnectionOptions, io: CliIo): string =>
  options.data ?? io.env['MUSTER_DATA'] ?? defaultDataDir;

export type Call = <M extends MethodName<OperatorDefinition>>(
  method: M,
  request: RequestInput<OperatorDefinition, M>,
  options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
) => Promise<ReplyOutput<OperatorDefinition, M>>;

/** Above the 20 s that the coordinator holds a long poll. */
const defaultTimeoutMs = 30_000;

/** For a command that asks once. @throws AppError unavailable when nobody answers. */
export async function withCoordinator<T>(
  options: ConnectionOptions,
  io: CliIo,
  work: (call: Call) => Promise<T>,
): Promise<T> {
  return await withSocket(options, io, async (ask) => {
    const call: Call = async (method, request, given) => {
      try {
        return await ask(method, request, given);
      } catch (thrown) {
        if (!(thrown instanceof AppError) || thrown.code !== 'timeout') throw thrown;
        throw new AppError('unavailable', thrown.message, { cause: thrown });
      }
    };
    return await work(call);
  });
}

/** For a command that waits or watches. @throws AppError unavailable when there is nobody at first. */
export async function withPatience<T>(
  options: ConnectionOptions,
  io: CliIo,
  { work, ...patience }: Patience & { readonly work: (call: Call) => Promise<T> },
): Promise<T> {
  return await withSocket(options, io, async (call) => await work(patiently(call, patience, io)));
}

/** A silence is an AppError of code timeout here. */
async function withSocket<T>(
  options: ConnectionOptions,
  io: CliIo,
  work: (call: Call) => Promise<T>,
): Promise<T> {
  const dataDir = dataDirOf(options, io);
  const socket = options.socket ?? io.env['MUSTER_SOCKET'] ?? join(dataDir, 'coordinator.sock');
  await checkSocket(socket, dataDir);
  const { openOperatorSocket } = await import('../rpc/operator-client.ts');
  const client = openOperatorSocket(socket);
  const call: Call = async (method, request, given = {}) => {
    const { timeoutMs = defaultTimeoutMs } = given;
    const signal =
      given.signal === undefined ? io.signal : AbortSignal.any([io.signal, given.signal]);
    try {
      return await client.calls[method](request, { timeoutMs, signal });
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      if (thrown.code === 'unavailable') throw notThere(socket, dataDir, thrown);
      if (thrown.code !== 'timeout') throw thrown;
      const seconds = Math.ceil(timeoutMs / 1000);
      throw new AppError(
        'timeout',
        `the coordinator at ${socket} took the call and did not answer within ${seconds} s: it is busy or stuck, and its log says at what`,
        { cause: thrown },
      );
    }
  };
  try {
    return await work(call);
  } finally {
    client.close();
  }
}

async function checkSocket(socket: string, dataDir: string): Promise<void> {
  try {
    await stat(socket);
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
    if (code === 'EACCES') {
      throw new AppError(
        'unavailable',
        `no right to reach ${socket}: run this as the user of the coordinator (usually root)`,
      );
    }
    throw notThere(socket, dataDir, thrown);
  }
}

function notThere(socket: string, dataDir: string, cause: unknown): AppError {
  const data = dataDir === defaultDataDir ? '' : ` --data ${dataDir}`;
  return new AppError(
    'unavailable',
    `no coordinator answers at ${socket}\nstart it with: coordinator serve${data}`,
    { cause },
  );
}
