import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ignoreProgress } from '../../../../coordinator/artifacts/artifact-progress.ts';
import { artifactNames, releaseFor } from '../../../../coordinator/artifacts/catalogue.ts';
import { lockFaults, parseLock } from '../../../../coordinator/artifacts/check-lock.ts';
import { lockDirectory } from '../../../../coordinator/artifacts/directory-source.ts';
import { pullLock } from '../../../../coordinator/artifacts/pull.ts';
import { sha256Hex } from '../../../../shared/canonical.ts';
import { type Fetching, startFetching } from './fetching.ts';

const version = 'v1.37.1';
const release = releaseFor(version);

async function put(fetching: Fetching, path: string, content: string): Promise<void> {
  const full = join(fetching.directory, 'source', path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, content);
}

async function fill(fetching: Fetching): Promise<string> {
  for (const name of artifactNames) {
    await put(fetching, `${name}/${release[name]}/amd64/${name}`, `file of ${name}`);
  }
  return join(fetching.directory, 'source');
}

test('locks a directory by its layout, and pulls it into the store', async () => {
  await using fetching = await startFetching();
  const directory = await fill(fetching);
  const lock = await lockDirectory(directory, version);
  expect(lockFaults(lock, version)).toEqual([]);
  expect(lock.artifacts.find(({ name }) => name === 'image-coredns')).toMatchObject({
    kind: 'image',
    reference: 'registry.k8s.io/coredns/coredns:v1.14.6',
    sha256: sha256Hex('file of image-coredns'),
  });
  expect(await pullLock(lock, ignoreProgress, fetching.deps)).toEqual({
    fetched: artifactNames.length,
    present: 0,
  });
  expect((await readFile(fetching.store.pathOf(sha256Hex('file of etcd')))).toString()).toBe(
    'file of etcd',
  );
});

test('of several versions it takes what goes with the Kubernetes version, else the newest', async () => {
  await using fetching = await startFetching();
  const directory = await fill(fetching);
  await put(fetching, 'kubeadm/v1.38.0/amd64/kubeadm', 'too new');
  await put(fetching, 'etcd/3.9.9/amd64/etcd', 'too new');
  await put(fetching, 'image-nginx/1.9.0/amd64/nginx.tar', 'old');
  const lock = await lockDirectory(directory, version);
  const versionOf = (wanted: string) => lock.artifacts.find(({ name }) => name === wanted)?.version;
  expect([versionOf('kubeadm'), versionOf('etcd'), versionOf('image-nginx')]).toEqual([
    version,
    '3.6.16',
    '1.30.6-alpine',
  ]);
  const other = await lockDirectory(directory, 'v1.38.0');
  expect(other.artifacts.find(({ name }) => name === 'etcd')?.version).toBe('3.9.9');
  expect(lockFaults(other, 'v1.38.0')[0]).toContain(
    'the artifact lock lacks for amd64: kubelet, kubectl',
  );
});

test('an index is believed for digests, and checked for sizes', async () => {
  await using fetching = await startFetching();
  await put(fetching, 'images/pause.tar', 'pause');
  const entry = {
    name: 'image-pause',
    version: '3.10.2',
    arch: 'amd64',
    file: 'images/pause.tar',
    kind: 'image',
    reference: 'registry.k8s.io/pause:3.10.2',
    sha256: sha256Hex('pause'),
    size: 5,
  };
  await put(fetching, 'index.json', JSON.stringify([entry]));
  const directory = join(fetching.directory, 'source');
  const lock = await lockDirectory(directory, version);
  expect(lock.artifacts).toEqual([
    {
      name: 'image-pause',
      version: '3.10.2',
      arch: 'amd64',
      kind: 'image',
      reference: 'registry.k8s.io/pause:3.10.2',
      sha256: sha256Hex('pause'),
      size: 5,
      url: `file://${directory}/images/pause.tar`,
    },
  ]);

  await put(fetching, 'index.json', JSON.stringify([{ ...entry, sha256: sha256Hex('other') }]));
  const wrong = await lockDirectory(directory, version);
  await expect(pullLock(wrong, ignoreProgress, fetching.deps)).rejects.toThrow(
    `image-pause 3.10.2 (amd64) from file://${directory}/images/pause.tar: sha256 is ${sha256Hex('pause')}, expected ${sha256Hex('other')}`,
  );

  await put(fetching, 'index.json', JSON.stringify([{ ...entry, size: 6 }]));
  await expect(lockDirectory(directory, version)).rejects.toThrow('has 5 bytes, the index says 6');
  await put(fetching, 'index.json', JSON.stringify([{ ...entry, file: 'gone' }]));
  await expect(lockDirectory(directory, version)).rejects.toThrow('(image-pause) is missing');
  await put(fetching, 'index.json', '{"a":1}');
  await expect(lockDirectory(directory, version)).rejects.toThrow('is not an index of artifacts');
});

test('a directory that is not there, or has nothing, says what is wanted', async () => {
  await using fetching = await startFetching();
  await expect(lockDirectory('/does/not/exist', version)).rejects.toThrow(
    '/does/not/exist does not exist',
  );
  await expect(lockDirectory(fetching.directory, version)).rejects.toThrow(
    'neither index.json nor files as NAME/VERSION/ARCH/FILE',
  );
  await put(fetching, 'kubeadm/v1.37.1/amd64/a', 'a');
  await put(fetching, 'kubeadm/v1.37.1/amd64/b', 'b');
  await expect(lockDirectory(join(fetching.directory, 'source'), version)).rejects.toThrow(
    'has 2 files: exactly one is wanted',
  );
});

test.each([
  ['{', 'is not JSON'],
  ['{}', 'is not an artifact lock'],
  ['{"schema":"muster/artifact-lock/v2","artifacts":[]}', 'is not an artifact lock'],
])('a lock file with %s is refused', (text, sentence) => {
  expect(() => parseLock(text, 'cluster.lock.json')).toThrow(`cluster.lock.json ${sentence}`);
});

test('an empty lock is named as such', () => {
  expect(lockFaults({ schema: 'muster/artifact-lock/v1', artifacts: [] }, version)).toEqual([
    'the artifact lock is empty: no artifact is named in it',
  ]);
});
