// The coordinator's artifacts on disk: `sha256/<digest>`, written once and complete, and `partial/`
// beside it for what is on its way. A file comes in only after its digest and size were checked.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../../shared/errors.ts';

export interface Expected {
  /** For messages: the artifact's name and where it came from. */
  readonly label: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly size: number | null;
}

export interface FileDigest {
  readonly sha256: string;
  readonly size: number;
}

export type Integrity = 'right' | 'missing' | 'wrong';

export class ArtifactStore {
  readonly directory: string;
  readonly #partial: string;

  /** @param directory `<data>/artifacts/sha256` */
  constructor(directory: string) {
    this.directory = directory;
    this.#partial = join(dirname(directory), 'partial');
  }

  pathOf(sha256: string): string {
    return join(this.directory, sha256);
  }

  /** Where a file may grow before it is adopted: kept between runs, so that a download goes on. */
  async partialPath(name: string): Promise<string> {
    await mkdir(this.#partial, { recursive: true, mode: 0o700 });
    return join(this.#partial, name.replace(/[^A-Za-z0-9._-]/g, '_'));
  }

  async sizeOf(sha256: string): Promise<number | null> {
    return await fileSize(this.pathOf(sha256));
  }

  async has(sha256: string): Promise<boolean> {
    return (await this.sizeOf(sha256)) !== null;
  }

  /** Digests of everything that is here. */
  async list(): Promise<ReadonlySet<string>> {
    try {
      return new Set((await readdir(this.directory)).filter((name) => /^[0-9a-f]{64}$/.test(name)));
    } catch (thrown) {
      if (isMissing(thrown)) return new Set();
      throw thrown;
    }
  }

  /** Moves a finished file in. @throws AppError artifact, and the file is gone, when it is another one. */
  async adopt(path: string, expected: Expected): Promise<void> {
    try {
      await checkFile(path, expected);
    } catch (thrown) {
      await rm(path, { force: true });
      throw thrown;
    }
    await this.#moveIn(path, expected.sha256);
  }

  /** Takes a file that stays where it is: a hard link where the disk allows it, else a copy. */
  async adoptFrom(source: string, expected: Expected): Promise<void> {
    await checkFile(source, expected);
    const temporary = await this.partialPath(`link-${process.pid}-${expected.sha256}`);
    await rm(temporary, { force: true });
    try {
      await link(source, temporary);
    } catch {
      await copyFile(source, temporary);
    }
    await this.#moveIn(temporary, expected.sha256);
  }

  async verify(sha256: string): Promise<Integrity> {
    if (!(await this.has(sha256))) return 'missing';
    return (await digestFile(this.pathOf(sha256))).sha256 === sha256 ? 'right' : 'wrong';
  }

  async remove(sha256: string): Promise<void> {
    await rm(this.pathOf(sha256), { force: true });
  }

  async #moveIn(path: string, sha256: string): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const file = await open(path, 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(path, this.pathOf(sha256));
    // Renaming one link of a file over another link of the same file does nothing and leaves both.
    await rm(path, { force: true });
  }
}

export async function digestFile(path: string): Promise<FileDigest> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const bytes = chunk as Buffer;
    hash.update(bytes);
    size += bytes.length;
  }
  return { sha256: hash.digest('hex'), size };
}

/** Null when there is no such file. */
export async function fileSize(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if (isMissing(thrown)) return null;
    throw thrown;
  }
}

async function checkFile(path: string, expected: Expected): Promise<void> {
  const size = await fileSize(path);
  if (size === null) throw new AppError('artifact', `${expected.label}: there is no file ${path}`);
  if (expected.size !== null && size !== expected.size) {
    throw new AppError(
      'artifact',
      `${expected.label}: ${size} bytes, expected ${expected.size}: nothing was taken; fetch it again, or make the lock anew if the release was replaced`,
    );
  }
  const { sha256 } = await digestFile(path);
  if (sha256 === expected.sha256) return;
  throw new AppError(
    'artifact',
    `${expected.label}: sha256 is ${sha256}, expected ${expected.sha256}: nothing was taken; fetch it again, or make the lock anew if the release was replaced`,
  );
}

export const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
