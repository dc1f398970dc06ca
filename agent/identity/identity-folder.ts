// Where this host's identity is kept, and on which disk.
import { join } from 'node:path';
import type { StateDisk } from '../state-disk.ts';

export interface IdentityFolder {
  readonly disk: StateDisk;
  readonly directory: string;
}

/** Null when there is no such file. */
export const readFrom = async (folder: IdentityFolder, name: string): Promise<Buffer | null> =>
  await folder.disk.read(join(folder.directory, name));

/** For root only, as a whole. */
export const writeTo = async (
  folder: IdentityFolder,
  name: string,
  { content }: { readonly content: string | Uint8Array },
): Promise<void> => await folder.disk.replace(join(folder.directory, name), content);

export const removeFrom = async (folder: IdentityFolder, name: string): Promise<void> =>
  await folder.disk.remove(join(folder.directory, name));
