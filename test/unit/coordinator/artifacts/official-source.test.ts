import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ignoreProgress } from '../../../../coordinator/artifacts/artifact-progress.ts';
import {
  artifactNames,
  officialSource,
  releaseFor,
} from '../../../../coordinator/artifacts/catalogue.ts';
import { lockFaults, parseLock } from '../../../../coordinator/artifacts/check-lock.ts';
import { parseImageReference } from '../../../../coordinator/artifacts/oci-reference.ts';
import { lockOfficial } from '../../../../coordinator/artifacts/official-source.ts';
import { pullLock } from '../../../../coordinator/artifacts/pull.ts';
import { sha256Hex } from '../../../../shared/canonical.ts';
import { type Fetching, startFetching } from './fetching.ts';
import { cutAfter, putImage, status } from './local-site.ts';

const version = 'v1.37.1';
const release = releaseFor(version);
const request = {
  kubernetesVersion: version,
  architectures: ['amd64'] as const,
  onProgress: ignoreProgress,
};

/** A site with the layout of the official ones: every file, its checksum and every image. */
async function fillSite(fetching: Fetching): Promise<void> {
  const { site } = fetching;
  for (const name of artifactNames) {
    const source = officialSource(name, release[name], 'amd64');
    if (source.kind === 'image') {
      const { repository, tag } = parseImageReference(source.reference);
      putImage(site, repository, tag ?? '');
      continue;
    }
    const content =
      source.member === null
        ? Buffer.from(`release of ${name}`)
        : await archiveWith(fetching, source.member);
    const { pathname } = new URL(source.url);
    site.put(pathname, content);
    const sum = sha256Hex(content);
    const file = pathname.slice(pathname.lastIndexOf('/') + 1);
    const isAlone = source.checksumUrl.endsWith(`/${name}.sha256`);
    site.put(
      new URL(source.checksumUrl).pathname,
      isAlone ? sum : `${'0'.repeat(64)}  other\n${sum}  ${file}\n`,
    );
  }
}

async function archiveWith(fetching: Fetching, member: string): Promise<Buffer> {
  const folder = join(fetching.directory, 'make');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, member), `member ${member}`);
  execFileSync('tar', ['czf', join(folder, 'a.tgz'), '-C', folder, member]);
  return await readFile(join(folder, 'a.tgz'));
}

test('locks every artifact of a release, and what was fetched for it is in the store', async () => {
  await using fetching = await startFetching();
  await fillSite(fetching);
  const lock = await lockOfficial(request, fetching.deps);
  expect(lockFaults(lock, version)).toEqual([]);
  expect(parseLock(JSON.stringify(lock), 'lock')).toEqual(lock);
  const stored = await fetching.store.list();
  for (const artifact of lock.artifacts) expect(stored).toContain(artifact.sha256);
  // The lock names the official addresses, whatever mirror was asked.
  expect(lock.artifacts.find(({ name }) => name === 'kubeadm')).toEqual({
    name: 'kubeadm',
    version,
    arch: 'amd64',
    kind: 'binary',
    url: 'https://dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubeadm',
    sha256: sha256Hex('release of kubeadm'),
    size: 'release of kubeadm'.length,
    reference: null,
  });
  expect(lock.artifacts.find(({ name }) => name === 'flannel-cni-plugin')).toMatchObject({
    kind: 'binary',
    sha256: sha256Hex('member flannel-amd64'),
    url: expect.stringMatching(/^https:\/\/github\.com\/flannel-io\/.+\.tgz#flannel-amd64$/),
  });
  expect(lock.artifacts.find(({ name }) => name === 'image-pause')).toMatchObject({
    kind: 'image',
    reference: 'registry.k8s.io/pause:3.10.2',
    url: expect.stringMatching(/^oci:\/\/registry\.k8s\.io\/pause@sha256:[0-9a-f]{64}$/),
  });
});

test('pulls a lock into an empty store: the same bytes, and never twice', async () => {
  await using first = await startFetching();
  await fillSite(first);
  const lock = await lockOfficial(request, first.deps);

  await using second = await startFetching();
  await fillSite(second);
  // An image under another tag by now: the lock asks for the digest.
  second.site.put('/v2/pause/manifests/3.10.2', 'moved');
  expect(await pullLock(lock, ignoreProgress, second.deps)).toEqual({
    fetched: lock.artifacts.length,
    present: 0,
  });
  expect(await second.store.list()).toEqual(await first.store.list());

  second.site.asked.length = 0;
  expect(await pullLock(lock, ignoreProgress, second.deps)).toEqual({
    fetched: 0,
    present: lock.artifacts.length,
  });
  expect(second.site.asked).toEqual([]);
});

test('a file that is not what its checksum file says is refused with both sums', async () => {
  await using fetching = await startFetching();
  await fillSite(fetching);
  fetching.site.put('/release/v1.37.1/bin/linux/amd64/kubelet', 'something else');
  const locking = lockOfficial(request, fetching.deps);
  await expect(locking).rejects.toThrow(
    `https://dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubelet: sha256 is ${sha256Hex('something else')}, its checksum file says ${sha256Hex('release of kubelet')}: nothing was taken`,
  );
  expect(await fetching.store.has(sha256Hex('something else'))).toBe(false);
});

test('a release that was replaced after it was locked is refused at the pull', async () => {
  await using fetching = await startFetching();
  await fillSite(fetching);
  const lock = await lockOfficial(request, fetching.deps);
  const runc = lock.artifacts.find(({ name }) => name === 'runc');
  await fetching.store.remove(runc?.sha256 ?? '');
  fetching.site.put(new URL(runc?.url ?? '').pathname, 'release of rUnc');
  const pulling = pullLock(lock, ignoreProgress, fetching.deps);
  await expect(pulling).rejects.toThrow(
    /^runc 1\.5\.2 \(amd64\) from https:\/\/github\.com\/opencontainers\/.+: sha256 is /,
  );
});

test('a transfer that is cut goes on, and ends with the right file', async () => {
  await using fetching = await startFetching();
  await fillSite(fetching);
  fetching.site.once('/release/v1.37.1/bin/linux/amd64/kubectl', cutAfter(5));
  const lock = await lockOfficial(request, fetching.deps);
  expect(lock.artifacts.find(({ name }) => name === 'kubectl')?.sha256).toBe(
    sha256Hex('release of kubectl'),
  );
  const asked = fetching.site.asked.filter((line) => /amd64\/kubectl( |$)/.test(line));
  expect(asked.length).toBeGreaterThan(1);
});

test('a blob that is not its digest is refused', async () => {
  await using fetching = await startFetching();
  await fillSite(fetching);
  const digest = `sha256:${sha256Hex('layer of pause:3.10.2')}`;
  fetching.site.put(`/v2/pause/blobs/${digest}`, 'layer of pause:3.10.X');
  await expect(lockOfficial(request, fetching.deps)).rejects.toThrow(
    /pause\/blobs\/.+: the content has sha256:/,
  );
});

test('a manifest that is not its digest is refused', async () => {
  await using fetching = await startFetching();
  await fillSite(fetching);
  const { manifest } = putImage(fetching.site, 'pause', '3.10.2');
  fetching.site.put(`/v2/pause/manifests/${manifest}`, '{}');
  await expect(lockOfficial(request, fetching.deps)).rejects.toThrow(
    /pause\/manifests\/sha256:.+: the content has sha256:/,
  );
});

test('a registry that wants a token gets one, anonymously', async () => {
  await using fetching = await startFetching();
  await fillSite(fetching);
  const challenge = `Bearer realm="${fetching.site.base}/token",service="here"`;
  fetching.site.once(
    '/v2/library/nginx/manifests/1.30.6-alpine',
    status(401, { 'www-authenticate': challenge }),
  );
  fetching.site.put(
    '/token?service=here&scope=repository%3Alibrary%2Fnginx%3Apull',
    '{"token":"t"}',
  );
  await lockOfficial(request, fetching.deps);
  expect(fetching.site.asked).toContain(
    'GET /token?service=here&scope=repository%3Alibrary%2Fnginx%3Apull',
  );
});

test('a Kubernetes version without a bill of materials is refused with those there are', async () => {
  await using fetching = await startFetching();
  const locking = lockOfficial({ ...request, kubernetesVersion: 'v1.20.0' }, fetching.deps);
  await expect(locking).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('it has any patch of v1.36, v1.37'),
  });
});

test('the archive of an image is an OCI layout with the name that hosts use', async () => {
  await using fetching = await startFetching();
  await fillSite(fetching);
  const lock = await lockOfficial(request, fetching.deps);
  const pause = lock.artifacts.find(({ name }) => name === 'image-pause');
  const path = fetching.store.pathOf(pause?.sha256 ?? '');
  const read = (member: string): string => execFileSync('tar', ['xOf', path, member]).toString();
  expect(JSON.parse(read('oci-layout'))).toEqual({ imageLayoutVersion: '1.0.0' });
  const index = JSON.parse(read('index.json')) as {
    manifests: { digest: string; annotations: object }[];
  };
  expect(index.manifests).toHaveLength(1);
  expect(index.manifests[0]?.annotations).toEqual({
    'io.containerd.image.name': 'registry.k8s.io/pause:3.10.2',
    'org.opencontainers.image.ref.name': '3.10.2',
  });
  const digest = index.manifests[0]?.digest.slice('sha256:'.length) ?? '';
  const manifest = read(`blobs/sha256/${digest}`);
  expect(sha256Hex(manifest)).toBe(digest);
  // The layer is named twice and kept once.
  expect(execFileSync('tar', ['tf', path]).toString().trim().split('\n')).toHaveLength(5);
});
