// Files that must survive a power cut: written aside, fsynced, renamed, and the folder fsynced. A
// reader sees the old content or the new, never a part. For the agent's own state only; steps write
// through the Host port.
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface DurableFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly mode: number;
}

export async function writeFileDurably(file: DurableFile): Promise<void> {
  const temporary = `${file.path}.new`;
  const handle = await open(temporary, 'w', file.mode);
  try {
    // The file may be there from a crash, with another mode.
    await handle.chmod(file.mode);
    await handle.writeFile(file.content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file.path);
  await syncDirectory(dirname(file.path));
}

/** Makes a name in `directory`, or the lack of it, survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Only root reads the agent's state: 0700. */
export async function makePrivateDirectory(...parts: readonly string[]): Promise<string> {
  const directory = join(...parts);
  await mkdir(directory, { recursive: true, mode: 0o700 });
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
