import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { extractMember } from '../../../../coordinator/artifacts/extract-member.ts';
import { tarEnd, tarHeader, tarPadding } from '../../../../coordinator/artifacts/tar-writer.ts';
import { startFetching } from './fetching.ts';

const content = Buffer.alloc(700_000, 'flannel');
const { signal } = new AbortController();

test.each(['czf', 'cf'])('takes one member out of an archive that tar made (%s)', async (flags) => {
  await using fetching = await startFetching();
  const { directory } = fetching;
  await mkdir(join(directory, 'in'));
  await writeFile(join(directory, 'in', 'README'), 'first');
  await writeFile(join(directory, 'in', 'flannel-amd64'), content);
  const archive = join(directory, 'a.tgz');
  execFileSync('tar', [flags, archive, '-C', join(directory, 'in'), './README', './flannel-amd64']);
  const to = join(directory, 'out');
  await extractMember({ archive, member: 'flannel-amd64', to, maxBytes: 1_000_000, signal });
  expect((await readFile(to)).equals(content)).toBe(true);

  const missing = extractMember({
    archive,
    member: 'flannel-arm64',
    to,
    maxBytes: 1_000_000,
    signal,
  });
  await expect(missing).rejects.toThrow('a.tgz has no member flannel-arm64');
  const tooMuch = extractMember({ archive, member: 'flannel-amd64', to, maxBytes: 1000, signal });
  await expect(tooMuch).rejects.toThrow('700000 bytes, more than 1000');
});

test('what is no archive is a failure that says so', async () => {
  await using fetching = await startFetching();
  const archive = join(fetching.directory, 'a.tgz');
  await writeFile(archive, Buffer.alloc(2000, 'no'));
  const extracting = extractMember({
    archive,
    member: 'x',
    to: join(fetching.directory, 'o'),
    maxBytes: 10,
    signal,
  });
  await expect(extracting).rejects.toThrow(/a\.tgz: not a readable archive/);
});

test('tar reads what is written here', async () => {
  await using fetching = await startFetching();
  const archive = join(fetching.directory, 'b.tar');
  const body = Buffer.from('hello');
  await writeFile(
    archive,
    Buffer.concat([tarHeader('blobs/sha256/x', 5), body, tarPadding(5), tarEnd()]),
  );
  expect(execFileSync('tar', ['xOf', archive, 'blobs/sha256/x']).toString()).toBe('hello');
  expect(execFileSync('tar', ['tvf', archive]).toString()).toContain('1970-01-01');
});
