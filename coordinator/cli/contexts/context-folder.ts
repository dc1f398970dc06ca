// Where a user's contexts are: $MUSTER_CONFIG, else muster/ among the user's configuration. The folder
// and everything in it are the user's alone.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { alphabets, isOf } from '../../../shared/alphabets.ts';
import { AppError } from '../../../shared/errors.ts';
import { quoted } from '../../../shared/plain-text.ts';
import { makePrivateDirectory, readIfPresent, writePrivateFile } from '../../keys/private-file.ts';
import { nearestName } from '../../spec/nearest.ts';
import type { CliIo } from '../cli-io.ts';
import { type Context, LOCAL, parseContext } from './context.ts';

export interface ContextFolder {
  names(): Promise<readonly string[]>;
  /** @throws AppError not-found, invalid, refused (others may read it) */
  read(name: string): Promise<Context>;
  write(context: Context): Promise<void>;
  /** @throws AppError not-found */
  remove(name: string): Promise<void>;
  /** The name of the context that is taken where none is named; null when there is none. */
  current(): Promise<string | null>;
  use(name: string): Promise<void>;
  /** A key made for a login that may have been used and whose answer may have been lost. */
  readonly pendingKey: (loginId: string) => PendingKey;
}

export interface PendingKey {
  read(): Promise<string | null>;
  write(pem: string): Promise<void>;
  remove(): Promise<void>;
}

export function openContextFolder(io: Pick<CliIo, 'env'>): ContextFolder {
  const folder = folderOf(io);
  const pathOf = (name: string): string => join(folder, `${checkContextName(name)}.json`);
  const currentPath = join(folder, 'current');

  const folderOps: ContextFolder = {
    async names() {
      const files = await readdir(folder).catch(() => []);
      return files
        .filter((file) => file.endsWith('.json'))
        .map((file) => file.slice(0, -'.json'.length))
        .filter((name) => isOf('operatorName', name))
        .sort();
    },
    async read(name) {
      const path = pathOf(name);
      const text = await readIfPresent(path);
      if (text === null) throw notThere(name, await folderOps.names());
      const { mode } = await stat(path);
      if ((mode & 0o077) !== 0) {
        throw new AppError('refused', `others may read the key in ${path}: chmod 600 ${path}`);
      }
      return parseContext(text, name, path);
    },
    async write(context) {
      await makePrivateDirectory(folder);
      await writePrivateFile(pathOf(context.name), `${JSON.stringify(context, null, 2)}\n`);
    },
    async remove(name) {
      checkContextName(name);
      const names = await folderOps.names();
      if (!names.includes(name)) throw notThere(name, names);
      await rm(pathOf(name));
      if ((await folderOps.current()) === name) await rm(currentPath, { force: true });
    },
    async current() {
      const name = (await readIfPresent(currentPath))?.trim() ?? '';
      return isOf('operatorName', name) ? name : null;
    },
    async use(name) {
      checkContextName(name);
      const names = await folderOps.names();
      if (name !== LOCAL && !names.includes(name)) throw notThere(name, names);
      await makePrivateDirectory(folder);
      await writePrivateFile(currentPath, `${name}\n`);
    },
    pendingKey: (loginId) => {
      const path = join(folder, `${checkContextName(loginId)}.login`);
      return {
        read: () => readIfPresent(path),
        write: async (pem) => {
          await makePrivateDirectory(folder);
          await writePrivateFile(path, pem);
        },
        remove: () => rm(path, { force: true }),
      };
    },
  };
  return folderOps;
}

function folderOf({ env }: Pick<CliIo, 'env'>): string {
  const own = env['MUSTER_CONFIG'] ?? '';
  if (own !== '') return own;
  const config = env['XDG_CONFIG_HOME'] ?? '';
  if (config !== '') return join(config, 'muster');
  return join(env['HOME'] ?? '/root', '.config', 'muster');
}

/** A name is part of a path. @throws AppError usage */
export function checkContextName(name: string): string {
  if (isOf('operatorName', name)) return name;
  throw new AppError('usage', `context ${quoted(name)}: ${alphabets.operatorName.what} is needed`);
}

function notThere(name: string, names: readonly string[]): AppError {
  const nearest = nearestName(name, names);
  const there =
    names.length === 0
      ? '`coordinator login ADDRESS` makes one'
      : `there are: ${[LOCAL, ...names].join(', ')}`;
  const hint = nearest === null ? there : `did you mean ${nearest}?`;
  return new AppError('not-found', `there is no context ${quoted(name)}; ${hint}`);
}
