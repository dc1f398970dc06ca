// From the command line to a coordinator: over its socket or as an operator of a context, and what to
// say when nobody answers there.
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { AppError } from '../../shared/errors.ts';
import type { MethodName, ReplyOutput, RequestInput } from '../../shared/rpc/calls.ts';
import type { OperatorDefinition } from '../../shared/rpc/generated/muster/v1/Operator.ts';
import type { OperatorClient } from '../rpc/operator-client.ts';
import type { CliIo } from './cli-io.ts';
import { type Patience, patiently } from './patience.ts';
import { findTarget, type Target } from './target.ts';

export const defaultDataDir = '/var/lib/muster';

export interface ConnectionOptions {
  readonly data?: string;
  readonly socket?: string;
  readonly context?: string;
}

export function withConnection(command: Command): Command {
  return command
    .option(
      '--context <name>',
      'a coordinator that `login` made known, or local for the one on this host',
    )
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
  return await withClient(options, io, async (ask) => {
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
  return await withClient(options, io, async (call) => await work(patiently(call, patience, io)));
}

/** A silence is an AppError of code timeout here. */
async function withClient<T>(
  options: ConnectionOptions,
  io: CliIo,
  work: (call: Call) => Promise<T>,
): Promise<T> {
  const target = await findTarget({ ...options, dataDir: dataDirOf(options, io) }, io);
  const client = await openClient(target, io);
  const call: Call = async (method, request, given = {}) => {
    const { timeoutMs = defaultTimeoutMs } = given;
    const signal =
      given.signal === undefined ? io.signal : AbortSignal.any([io.signal, given.signal]);
    try {
      return await client.calls[method](request, { timeoutMs, signal });
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      throw explained(thrown, target, timeoutMs);
    }
  };
  try {
    return await work(call);
  } finally {
    client.close();
  }
}

async function openClient(target: Target, io: CliIo): Promise<OperatorClient> {
  if (target.kind === 'socket') {
    await checkSocket(target.path, target.dataDir);
    const { openOperatorSocket } = await import('../rpc/operator-client.ts');
    return openOperatorSocket(target.path);
  }
  const { openOperatorAddress } = await import('../rpc/operator-client.ts');
  const { renewWhenDue } = await import('./contexts/renew-context.ts');
  const { address, caPem, certificatePem: chainPem, keyPem } = target.context;
  const client = openOperatorAddress(address, caPem, { chainPem, keyPem });
  await renewWhenDue(target.context, client, io);
  return client;
}

/** With the place that was called, and the way out. */
function explained(thrown: AppError, target: Target, timeoutMs: number): AppError {
  if (thrown.code === 'timeout') {
    const place = target.kind === 'socket' ? target.path : target.context.address;
    const seconds = Math.ceil(timeoutMs / 1000);
    return new AppError(
      'timeout',
      `the coordinator at ${place} took the call and did not answer within ${seconds} s: it is busy or stuck, and its log says at what`,
      { cause: thrown },
    );
  }
  if (target.kind === 'socket') {
    return thrown.code === 'unavailable' ? notThere(target.path, target.dataDir, thrown) : thrown;
  }
  if (thrown.code !== 'unauthenticated') return thrown;
  const { name, operator } = target.context;
  return new AppError(
    'unauthenticated',
    `context ${name}: ${thrown.message}\nfor another login run \`coordinator operator add ${operator}\` on the coordinator's host, then \`coordinator login\` here`,
    { cause: thrown },
  );
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
