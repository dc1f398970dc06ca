import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../../../shared/canonical.ts';
import { startFetching } from './fetching.ts';

const content = 'kubelet of some version';
const sha256 = sha256Hex(content);
const expected = { label: 'kubelet v1', sha256, size: content.length };

test('takes a file in under its digest, and the file is gone from where it was', async () => {
  await using fetching = await startFetching();
  const path = await fetching.store.partialPath('k');
  await writeFile(path, content);
  await fetching.store.adopt(path, expected);
  expect(await readFile(fetching.store.pathOf(sha256), 'utf8')).toBe(content);
  expect(await fetching.store.list()).toEqual(new Set([sha256]));
  await expect(stat(path)).rejects.toThrow('ENOENT');
});

test('a file with another digest is refused, named with both digests, and not kept', async () => {
  await using fetching = await startFetching();
  const path = await fetching.store.partialPath('k');
  await writeFile(path, 'kubelet of same length!');
  const adopting = fetching.store.adopt(path, expected);
  await expect(adopting).rejects.toThrow(
    new RegExp(`kubelet v1: sha256 is [0-9a-f]{64}, expected ${sha256}: nothing was taken`),
  );
  expect(await fetching.store.has(sha256)).toBe(false);
  await expect(stat(path)).rejects.toThrow('ENOENT');
});

test('a file of another size is refused', async () => {
  await using fetching = await startFetching();
  const path = await fetching.store.partialPath('k');
  await writeFile(path, 'short');
  await expect(fetching.store.adopt(path, expected)).rejects.toThrow('5 bytes, expected 23');
});

test('a file from a directory stays where it is, and taking it twice is one file', async () => {
  await using fetching = await startFetching();
  const source = join(fetching.directory, 'source');
  await writeFile(source, content);
  await fetching.store.adoptFrom(source, expected);
  await fetching.store.adoptFrom(source, expected);
  expect(await readFile(source, 'utf8')).toBe(content);
  expect(await fetching.store.verify(sha256)).toBe('right');
});

test('verify tells right, wrong and missing apart', async () => {
  await using fetching = await startFetching();
  expect(await fetching.store.verify(sha256)).toBe('missing');
  const path = await fetching.store.partialPath('k');
  await writeFile(path, content);
  await fetching.store.adopt(path, expected);
  await writeFile(fetching.store.pathOf(sha256), 'rotten');
  expect(await fetching.store.verify(sha256)).toBe('wrong');
});

test('a store that was never written to is empty', async () => {
  await using fetching = await startFetching();
  expect(await fetching.store.list()).toEqual(new Set());
});
