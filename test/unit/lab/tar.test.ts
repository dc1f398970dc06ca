// Archives of the lab: the same content has to give the same bytes wherever it is built.
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTree, type TarEntry, tarBytes, withParents } from '../../lab/artifacts/tar.ts';
import { run } from '../../lab/run.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tar-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('gives the same bytes for the same tree made at another time in another order', async () => {
  const [first, second] = [join(directory, 'first'), join(directory, 'second')];
  await makeTree(first, ['b', 'a']);
  await makeTree(second, ['a', 'b']);
  await utimes(join(second, 'bin/a'), 1, 1);
  expect(await archive(await readTree(second))).toEqual(await archive(await readTree(first)));
});

test('writes what tar reads back, with long paths, modes and links', async () => {
  const source = join(directory, 'source');
  await makeTree(source, ['a']);
  const long = `${'d'.repeat(90)}/${'f'.repeat(90)}`;
  const entries = [
    ...(await readTree(source)),
    { kind: 'text', path: long, text: 'long', mode: 0o644 } as const,
  ];
  const path = join(directory, 'archive.tar');
  await writeFile(path, await archive(withParents(entries)));
  const listing = (await run(['tar', '--list', '--verbose', '--utc', '--file', path]))
    .trim()
    .split('\n');
  expect(listing.map((line) => line.split(/\s+/).filter((_, index) => index !== 2))).toEqual([
    ['drwxr-xr-x', '0/0', '1970-01-01', '00:00', 'bin/'],
    ['-rwxr-xr-x', '0/0', '1970-01-01', '00:00', 'bin/a'],
    ['lrwxrwxrwx', '0/0', '1970-01-01', '00:00', 'bin/link', '->', 'a'],
    ['drwxr-xr-x', '0/0', '1970-01-01', '00:00', `${'d'.repeat(90)}/`],
    ['-rw-r--r--', '0/0', '1970-01-01', '00:00', long],
  ]);
  expect(await run(['tar', '--extract', '--to-stdout', '--file', path, 'bin/a'])).toBe('content a');
});

test('writes a path that no plain header can hold', async () => {
  const long = 'x'.repeat(300);
  const path = join(directory, 'archive.tar');
  await writeFile(path, await archive([{ kind: 'directory', path: long }]));
  expect(await run(['tar', '--list', '--file', path])).toBe(`${long}/\n`);
});

test('fails when a file cannot be read, and does not end as if it were whole', async () => {
  const entries: readonly TarEntry[] = [
    { kind: 'file', path: 'a', source: join(directory, 'gone'), mode: 0o644 },
    { kind: 'text', path: 'b', text: 'b', mode: 0o644 },
  ];
  await expect(archive(entries)).rejects.toThrow('ENOENT');
});

test('passes a file that is larger than every buffer on its way', async () => {
  const source = join(directory, 'large');
  const content = Buffer.alloc(5 * 1024 * 1024 + 7, 'large');
  await writeFile(source, content);
  const entry: TarEntry = { kind: 'file', path: 'large', source, mode: 0o644 };
  const path = join(directory, 'archive.tar');
  await writeFile(path, await archive([entry]));
  await rm(source);
  await run(['tar', '--extract', '--file', path, '--directory', directory]);
  expect((await readFile(source)).equals(content)).toBe(true);
});

async function makeTree(root: string, names: readonly string[]): Promise<void> {
  await mkdir(join(root, 'bin'), { recursive: true });
  for (const name of names) {
    await writeFile(join(root, 'bin', name), `content ${name}`);
    await chmod(join(root, 'bin', name), 0o755);
  }
  await symlink('a', join(root, 'bin/link'));
}

async function archive(entries: readonly TarEntry[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of tarBytes(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
