import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fetchArtifact } from '../../../../agent/steps/fetch-artifact.ts';
import { importImage } from '../../../../agent/steps/import-image.ts';
import { installBinary } from '../../../../agent/steps/install-binary.ts';
import { unpackArchive } from '../../../../agent/steps/unpack-archive.ts';
import { sha256Hex } from '../../../../shared/canonical.ts';
import type { ArtifactReference } from '../../../../shared/model/step.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { fakeContext } from './fake-context.ts';

const directory = mkdtempSync(join(tmpdir(), 'muster-tar-'));
afterAll(() => rmSync(directory, { recursive: true }));

function referenceOf(content: string | Uint8Array): ArtifactReference {
  return {
    name: 'tool',
    version: 'v1',
    sha256: sha256Hex(content),
    size: Buffer.from(content).length,
  };
}

const binary = referenceOf('#!binary');

test('fetches an artifact that is not in the store', async () => {
  const host = new FakeHost();
  const context = fakeContext(host, {
    artifact: async ({ sha256 }) => {
      host.put(`/store/${sha256}`, '#!binary');
      return `/store/${sha256}`;
    },
  });
  expect(await fetchArtifact.check({ artifact: binary }, context)).toMatchObject({
    kind: 'needed',
  });
  await fetchArtifact.apply({ artifact: binary }, context);
  expect(await fetchArtifact.check({ artifact: binary }, context)).toEqual({ kind: 'satisfied' });
});

test('installs a binary and notices another in its place', async () => {
  const host = new FakeHost().put(`/store/${binary.sha256}`, '#!binary', 0o600);
  const context = fakeContext(host);
  const args = { artifact: binary, path: '/usr/local/bin/tool' };
  expect(await installBinary.check(args, context)).toMatchObject({ why: /not there/ });
  await installBinary.apply(args, context);
  expect(await installBinary.check(args, context)).toEqual({ kind: 'satisfied' });
  host.put(args.path, '#!BINARY', 0o755);
  expect(await installBinary.check(args, context)).toMatchObject({ why: /another sha256/ });
  host.put(args.path, '#!binary', 0o644);
  expect(await installBinary.check(args, context)).toMatchObject({ why: /not executable/ });
});

/** Made by the system's own tar, which is what archives come from. */
function archive(name: string, flags: readonly string[], files: readonly string[]): Buffer {
  const path = join(directory, name);
  execFileSync('tar', ['-C', directory, ...flags, '-f', path, ...files]);
  return readFileSync(path);
}

const longName = `${'deep/'.repeat(30)}file`;

function aTree(): void {
  mkdirSync(join(directory, 'bin'), { recursive: true });
  mkdirSync(join(directory, longName, '..'), { recursive: true });
  writeFileSync(join(directory, 'bin/ctr'), 'ctr'.repeat(100_000));
  writeFileSync(join(directory, 'bin/other'), 'other');
  writeFileSync(join(directory, longName), 'long');
  rmSync(join(directory, 'bin/link'), { force: true });
  symlinkSync('/etc/passwd', join(directory, 'bin/link'));
}

test.each([
  ['gzipped', ['-cz']],
  ['plain', ['-c']],
  ['pax', ['-cz', '--format=pax']],
  ['gnu', ['-cz', '--format=gnu']],
])('unpacks named members of a %s archive and nothing else', async (name, flags) => {
  aTree();
  const content = archive(name, flags, ['./bin', longName]);
  const host = new FakeHost().put(`/store/${sha256Hex(content)}`, content);
  const context = fakeContext(host);
  const members = [
    { from: 'bin/ctr', to: '/usr/local/bin/ctr' },
    { from: longName, to: '/opt/long' },
  ];
  const args = { artifact: referenceOf(content), members };
  expect(await unpackArchive.check(args, context)).toMatchObject({ kind: 'needed' });
  await unpackArchive.apply(args, context);
  expect(host.text('/usr/local/bin/ctr')).toBe('ctr'.repeat(100_000));
  expect(host.text('/opt/long')).toBe('long');
  expect(host.changes.filter((line) => !line.includes('/state/'))).toEqual([
    'write /usr/local/bin/ctr 0755',
    'write /opt/long 0755',
  ]);
  // In the agent's own folder, wherever that is.
  expect(host.changes.at(-1)).toMatch(
    /^write \/state\/unpacked\/[0-9a-f]{64}-[0-9a-f]{12}\.json 0600$/,
  );
  expect(await unpackArchive.check(args, context)).toEqual({ kind: 'satisfied' });
  host.put('/usr/local/bin/ctr', 'changed', 0o755);
  expect(await unpackArchive.check(args, context)).toMatchObject({ why: /ctr was changed/ });
  host.files.delete('/usr/local/bin/ctr');
  expect(await unpackArchive.check(args, context)).toMatchObject({ why: /ctr is not there/ });
});

test.each([
  ['a link', 'bin/link', /no regular file/],
  ['a directory', 'bin/', /no regular file/],
  ['a member that is not there', 'bin/none', /has no member bin\/none/],
])('refuses %s', async (_what, from, message) => {
  aTree();
  const content = archive('refused', ['-cz'], ['bin']);
  const host = new FakeHost().put(`/store/${sha256Hex(content)}`, content);
  const args = { artifact: referenceOf(content), members: [{ from, to: '/usr/local/bin/x' }] };
  const work = unpackArchive.apply(args, fakeContext(host));
  await expect(work).rejects.toMatchObject({ code: 'artifact', message });
  expect(host.changes).toEqual([]);
});

test.each([
  ['cut off', (content: Buffer) => content.subarray(0, content.length - 200)],
  ['no archive', () => Buffer.from('hello'.repeat(1000))],
])('refuses an archive that is %s', async (_what, spoil) => {
  aTree();
  const content = spoil(archive('spoiled', ['-cz'], ['bin']));
  const host = new FakeHost().put(`/store/${sha256Hex(content)}`, content);
  const args = {
    artifact: referenceOf(content),
    members: [{ from: 'bin/ctr', to: '/usr/local/bin/ctr' }],
  };
  const work = unpackArchive.apply(args, fakeContext(host));
  await expect(work).rejects.toMatchObject({ code: 'artifact' });
});

test('imports an image once per digest', async () => {
  const reference = 'registry.k8s.io/pause:3.10';
  let label = '';
  const host = new FakeHost()
    .put(`/store/${binary.sha256}`, 'image')
    .answer('ctr -n k8s.io images ls -q', ([, , , , , , filter = '']) => {
      return label !== '' && filter.includes(label) ? `${reference}\n` : '';
    })
    .answer(/ images ls -q name==registry.k8s.io\/pause:3.10$/, `${reference}\n`)
    .answer('ctr -n k8s.io images import', '')
    .answer('ctr -n k8s.io images label', (argv) => {
      label = argv.at(-1)?.split('=')[1] ?? '';
      return '';
    });
  const context = fakeContext(host);
  const args = { artifact: binary, namespace: 'k8s.io', reference };
  expect(await importImage.check(args, context)).toMatchObject({ kind: 'needed' });
  await importImage.apply(args, context);
  expect(host.changes).toEqual([
    `change muster-p1-step-1: ctr -n k8s.io images import --local --sync-fs /store/${binary.sha256}`,
    `change muster-p1-step-1_2: ctr -n k8s.io images label ${reference} muster.artifact=${binary.sha256}`,
  ]);
  expect(await importImage.check(args, context)).toEqual({ kind: 'satisfied' });
  const other = { ...args, artifact: { ...binary, sha256: 'b'.repeat(64) } };
  expect(await importImage.check(other, context)).toMatchObject({ kind: 'needed' });
});

test('unpacked files of an image are on the disk before containerd says that it has them', async () => {
  const host = new FakeHost().answer('ctr -n k8s.io images', 'pause\n');
  const args = { artifact: binary, namespace: 'k8s.io', reference: 'pause' };
  await importImage.apply(args, fakeContext(host));
  expect(host.changes[0]).toContain(' images import --local --sync-fs ');
});

test('an image that was not unpacked to its end is imported again', async () => {
  // As containerd does it: the record with its labels first, then the unpacking.
  const labels: string[] = [];
  const reference = 'pause';
  const host = new FakeHost()
    .answer('ctr -n k8s.io images ls', ([, , , , , , filter = '']) => {
      const isFound = !filter.includes('labels.') || labels.some((one) => filter.includes(one));
      return isFound ? `${reference}\n` : '';
    })
    .answer('ctr -n k8s.io images import', (argv) => {
      const [, label] = argv[argv.indexOf('--label') + 1]?.split('=') ?? [];
      if (label !== undefined) labels.push(label);
      return { exitCode: 1, stderr: 'the power went' };
    });
  const context = fakeContext(host);
  const args = { artifact: binary, namespace: 'k8s.io', reference };
  await expect(importImage.apply(args, context)).rejects.toMatchObject({ code: 'exec-failed' });
  expect(await importImage.check(args, context)).toMatchObject({ kind: 'needed' });
});

test('says when an archive holds another image than its lock says', async () => {
  const host = new FakeHost().answer('ctr', '');
  const args = { artifact: binary, namespace: 'k8s.io', reference: 'registry.k8s.io/pause:3.10' };
  const work = importImage.apply(args, fakeContext(host));
  await expect(work).rejects.toMatchObject({ code: 'artifact', message: /holds no image named/ });
});
