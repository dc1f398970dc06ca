// Files of the machine, changed so that a crash at any moment leaves the old content or the new one,
// never half of it.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, constants as fsConstants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import {
  makeDirectories,
  renameDurably,
  syncDirectory,
  writeFileDurably,
} from '../durable-file.ts';
import type { FileStat } from './host.ts';

export async function readFileOrNull(path: string): Promise<string | null> {
  return await orNull(fs.readFile(path, 'utf8'));
}

/** @throws AppError not-found */
export async function* readChunks(path: string): AsyncIterable<Uint8Array> {
  const stream = createReadStream(path, { highWaterMark: 1024 * 1024 });
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    throw new AppError('not-found', `there is no file ${path}`, { cause: thrown });
  }
}

export async function statOrNull(path: string): Promise<FileStat | null> {
  const found = await orNull(fs.lstat(path));
  if (found === null) return null;
  let kind: FileStat['kind'] = 'other';
  if (found.isFile()) kind = 'file';
  if (found.isDirectory()) kind = 'directory';
  if (found.isSymbolicLink()) kind = 'link';
  return { size: found.size, mode: found.mode & 0o7777, mtimeMs: found.mtimeMs, kind };
}

export async function listNames(path: string): Promise<readonly string[]> {
  const names = await orNull(fs.readdir(path));
  return names === null ? [] : names.sort();
}

export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  await makeDirectories(dirname(path), { mode: directoryModeFor(mode) });
  await refuseDirectory(path);
  await writeFileDurably({ path, content, mode, temporary: temporaryName(path) });
}

export async function writeChunks(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  mode: number,
): Promise<void> {
  await makeDirectories(dirname(path), { mode: directoryModeFor(mode) });
  await refuseDirectory(path);
  const temporary = temporaryName(path);
  try {
    {
      await using file = await fs.open(temporary, 'wx', mode);
      await file.chmod(mode);
      for await (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    }
    await renameDurably(temporary, path);
  } catch (thrown) {
    await fs.rm(temporary, { force: true });
    throw thrown;
  }
}

/**
 * A hard link when both places are on one file system (an artifact of 90 MB then costs nothing),
 * else a copy-on-write clone or a copy. The time of the file becomes now: whoever asks whether a
 * process is older than its binary means the installation, and the artifact store notices from the
 * changed time that its file has another owner and hashes it again before it is used.
 */
export async function installFile(from: string, to: string, mode: number): Promise<void> {
  await makeDirectories(dirname(to), { mode: directoryModeFor(mode) });
  await refuseDirectory(to);
  const temporary = temporaryName(to);
  try {
    await linkOrCopy(from, temporary);
    {
      await using file = await fs.open(temporary, 'r');
      await file.chmod(mode);
      const now = new Date();
      await file.utimes(now, now);
      await file.sync();
    }
    await renameDurably(temporary, to);
  } catch (thrown) {
    await fs.rm(temporary, { force: true });
    if (isMissing(thrown))
      throw new AppError('not-found', `there is no file ${from}`, { cause: thrown });
    throw thrown;
  }
}

/** Gone, and after a power cut still gone: a key, a token or a manifest must not come back. */
export async function removePath(
  path: string,
  sync: (directory: string) => Promise<void> = syncDirectory,
): Promise<void> {
  if ((await statOrNull(path)) === null) return;
  await fs.rm(path, { recursive: true, force: true });
  await sync(dirname(path));
}

export async function sha256OfFile(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      hash.update(chunk as Uint8Array);
    }
  } catch (thrown) {
    if (isMissing(thrown)) return null;
    throw thrown;
  }
  return hash.digest('hex');
}

function directoryModeFor(mode: number): number {
  return (mode & 0o077) === 0 ? 0o700 : 0o755;
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  const source = await fs.lstat(from);
  if (!source.isFile()) throw new AppError('invalid', `${from} is not a regular file`);
  try {
    await fs.link(from, to);
  } catch {
    // Another file system, or one without hard links.
    await fs.copyFile(from, to, fsConstants.COPYFILE_FICLONE | fsConstants.COPYFILE_EXCL);
  }
}

async function refuseDirectory(path: string): Promise<void> {
  const there = await orNull(fs.lstat(path));
  if (there?.isDirectory() !== true) return;
  throw new AppError('conflict', `${path} is a directory where a file has to be: remove it`);
}

/** Starts with a dot: nothing that reads a directory of configuration takes it. */
function temporaryName(path: string): string {
  return join(dirname(path), `.muster-${randomBytes(6).toString('hex')}`);
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (thrown) {
    if (isMissing(thrown)) return null;
    throw thrown;
  }
}

function isMissing(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
