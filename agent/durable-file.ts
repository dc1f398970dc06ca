// Files that must survive a power cut: written aside, fsynced, renamed, and the folder fsynced; a
// folder that was made is fsynced into the one above it. A reader sees the old content or the new,
// never a part. Steps write through the Host port, whose real files are written by this.
import { chmod, mkdir, open, readFile, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface DurableFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly mode: number;
  /** Where it is written first, in the same folder. @default the path and `.new` */
  readonly temporary?: string;
}

export async function writeFileDurably(file: DurableFile): Promise<void> {
  const { path, content, mode, temporary = `${path}.new` } = file;
  // One of a chosen name is nobody else's; our own may be there from a crash.
  const flags = file.temporary === undefined ? 'w' : 'wx';
  try {
    {
      await using handle = await open(temporary, flags, mode);
      // The process's umask narrows a new one, and one from a crash may have another mode.
      await handle.chmod(mode);
      await handle.writeFile(content);
      await handle.sync();
    }
    await renameDurably(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}

/** Within one folder. What is renamed has been synced. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
}

/** Makes a name in `directory`, or the lack of it, survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r');
  await handle.sync();
}

export interface NewDirectories {
  readonly mode: number;
  /** @default syncDirectory */
  readonly sync?: (directory: string) => Promise<void>;
}

/**
 * Like mkdir -p, with the mode whatever the process's umask is, on the directories it made only. Each
 * of them is in the folder above it after a power cut: a synced file in a lost folder is lost too.
 */
export async function makeDirectories(path: string, options: NewDirectories): Promise<void> {
  const { mode, sync = syncDirectory } = options;
  const first = await mkdir(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    await chmod(made, mode);
    await sync(dirname(made));
  }
}

/** Only root reads the agent's state: 0700. */
export async function makePrivateDirectory(...parts: readonly string[]): Promise<string> {
  const directory = join(...parts);
  await makeDirectories(directory, { mode: 0o700 });
  return directory;
}

/** Null when there is no such file. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (thrown) {
    if (isMissing(thrown)) return null;
    throw thrown;
  }
}

export async function removeDurably(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    return;
  }
  await syncDirectory(dirname(path));
}

export function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
