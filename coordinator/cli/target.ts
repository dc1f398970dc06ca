// Which coordinator a command talks to, and how. What is said on the command line comes first, then the
// environment; on the coordinator's own host, for who may enter its folder, the socket comes before any
// context, so that nothing meant for this host goes to another one.
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { dataPaths } from '../keys/paths.ts';
import type { CliIo } from './cli-io.ts';
import type { ConnectionOptions } from './connection.ts';
import { type Context, LOCAL } from './contexts/context.ts';
import { openContextFolder } from './contexts/context-folder.ts';

export type Target =
  | { readonly kind: 'socket'; readonly path: string; readonly dataDir: string }
  | { readonly kind: 'context'; readonly context: Context };

/**
 * @param options with the data directory of a coordinator on this host, named or not
 * @throws AppError usage, not-found (no such context)
 */
export async function findTarget(
  options: ConnectionOptions & { readonly dataDir: string },
  { env }: Pick<CliIo, 'env'>,
): Promise<Target> {
  const { dataDir } = options;
  const isSocketNamed = options.socket !== undefined || options.data !== undefined;
  if (isSocketNamed && options.context !== undefined) {
    throw new AppError('usage', '--context names a coordinator already: leave --socket and --data');
  }
  const socket: Target = {
    kind: 'socket',
    path: options.socket ?? env['MUSTER_SOCKET'] ?? join(dataDir, 'coordinator.sock'),
    dataDir,
  };
  if (isSocketNamed) return socket;
  const folder = openContextFolder({ env });
  const named = options.context ?? nonEmpty(env['MUSTER_CONTEXT']);
  if (named !== null) {
    return named === LOCAL ? socket : { kind: 'context', context: await folder.read(named) };
  }
  const isSocketMeant = env['MUSTER_SOCKET'] !== undefined || env['MUSTER_DATA'] !== undefined;
  if (isSocketMeant || (await isHere(dataDir))) return socket;
  const current = await folder.current();
  if (current === null || current === LOCAL) return socket;
  return { kind: 'context', context: await folder.read(current) };
}

/** Also while its coordinator is stopped. */
async function isHere(dataDir: string): Promise<boolean> {
  try {
    await access(dataPaths(dataDir).settings, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

const nonEmpty = (text: string | undefined): string | null =>
  text === undefined || text === '' ? null : text;
