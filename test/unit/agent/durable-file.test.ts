import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeDirectories, writeFileDurably } from '../../../agent/durable-file.ts';
import { removePath } from '../../../agent/host/files.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('a folder that was made is synced into the one above it, all the way up', async () => {
  const root = await temporaryDirectory();
  const synced: string[] = [];
  const sync = async (directory: string): Promise<void> => void synced.push(directory);
  await makeDirectories(join(root, 'a/b/c'), { mode: 0o700, sync });
  expect(synced).toEqual([join(root, 'a/b'), join(root, 'a'), root]);
  await makeDirectories(join(root, 'a/b/c'), { mode: 0o700, sync });
  expect(synced).toHaveLength(3);
});

test('what is removed is synced away, and what is not there costs nothing', async () => {
  const root = await temporaryDirectory();
  await writeFileDurably({ path: join(root, 'key'), content: 'k', mode: 0o600 });
  const synced: string[] = [];
  const sync = async (directory: string): Promise<void> => void synced.push(directory);
  await removePath(join(root, 'key'), sync);
  await removePath(join(root, 'key'), sync);
  expect(synced).toEqual([root]);
  expect(await readdir(root)).toEqual([]);
});

test('a file is replaced as a whole, with its mode whatever the umask is', async () => {
  const path = join(await temporaryDirectory(), 'file');
  const before = process.umask(0o077);
  try {
    await writeFileDurably({ path, content: 'one', mode: 0o644 });
    await writeFileDurably({ path, content: 'two', mode: 0o640 });
  } finally {
    process.umask(before);
  }
  expect(await readFile(path, 'utf8')).toBe('two');
  expect((await stat(path)).mode & 0o777).toBe(0o640);
});

test('a file that cannot be put in place leaves nothing behind', async () => {
  const root = await temporaryDirectory();
  await makeDirectories(join(root, 'taken'), { mode: 0o700 });
  const path = join(root, 'taken');
  await expect(writeFileDurably({ path, content: 'x', mode: 0o600 })).rejects.toThrow();
  expect(await readdir(root)).toEqual(['taken']);
});
