// The StateDisk of a real machine.
import { open, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  isMissing,
  makePrivateDirectory,
  readIfThere,
  removeDurably,
  syncDirectory,
  writeFileDurably,
} from '../durable-file.ts';
import type { StateDisk, StateFile } from '../state-disk.ts';

export const nodeDisk: StateDisk = {
  read: readIfThere,
  list: async (directory) => {
    try {
      return (await readdir(directory)).sort();
    } catch (thrown) {
      if (isMissing(thrown)) return null;
      throw thrown;
    }
  },
  makeDirectory: async (path) => void (await makePrivateDirectory(path)),
  allocate: async (path, size) => {
    await using file = await open(path, 'w', 0o600);
    await file.write(Buffer.alloc(size), 0, size, 0);
    await file.sync();
    await syncDirectory(dirname(path));
  },
  replace: async (path, content) => await writeFileDurably({ path, content, mode: 0o600 }),
  remove: removeDurably,
  move: async (from, into) => {
    try {
      await rename(from, join(into, basename(from)));
    } catch (thrown) {
      if (isMissing(thrown)) return;
      throw thrown;
    }
    await syncDirectory(into);
    await syncDirectory(dirname(from));
  },
  open: async (path): Promise<StateFile> => {
    const file = await open(path, 'r+');
    const close = async (): Promise<void> => await file.close();
    return {
      write: async (bytes, position) => {
        await file.write(bytes, 0, bytes.length, position);
        await file.datasync();
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  },
};
