// The disk that copies of snapshots are on, as a port: what fails on a disk can then be tried.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isNotFound, syncDirectory } from '../keys/private-file.ts';

export interface OpenedEnd {
  write(chunk: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface SnapshotDisk {
  makeFolder(path: string): Promise<void>;
  /** Names in a folder; none when it is not there. */
  list(folder: string): Promise<readonly string[]>;
  /** Null when there is no such file. */
  stat(path: string): Promise<{ readonly bytes: number; readonly mtimeMs: number } | null>;
  /** What is written comes after what is there. */
  openEnd(path: string): Promise<OpenedEnd>;
  /** Lower-case hex. */
  sha256(path: string): Promise<string>;
  /** On the disk when it returns. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  freeBytes(folder: string): Promise<number>;
}

export const nodeSnapshotDisk: SnapshotDisk = {
  makeFolder: async (path) => void (await mkdir(path, { recursive: true, mode: 0o700 })),
  list: async (folder) => {
    try {
      return await readdir(folder);
    } catch (thrown) {
      if (isNotFound(thrown)) return [];
      throw thrown;
    }
  },
  stat: async (path) => {
    try {
      const { size, mtimeMs } = await stat(path);
      return { bytes: size, mtimeMs };
    } catch (thrown) {
      if (isNotFound(thrown)) return null;
      throw thrown;
    }
  },
  openEnd: async (path) => {
    const file = await open(path, 'a', 0o600);
    return {
      write: async (chunk) => await file.writeFile(chunk),
      sync: async () => await file.sync(),
      close: async () => await file.close(),
    };
  },
  sha256: async (path) => {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      hash.update(chunk as Buffer);
    }
    return hash.digest('hex');
  },
  rename: async (from, to) => {
    await rename(from, to);
    await syncDirectory(dirname(to));
  },
  remove: async (path) => await rm(path, { force: true }),
  freeBytes: async (folder) => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};
