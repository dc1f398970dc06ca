// The provider over a store on the disk and a site on the loopback: what it says of each artifact.
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type ArtifactProvider,
  createArtifactProvider,
} from '../../../../coordinator/artifacts/artifact-provider.ts';
import type { ArtifactLock, LockedArtifact } from '../../../../coordinator/artifacts/lock.ts';
import { sha256Hex } from '../../../../shared/canonical.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { type Fetching, startFetching } from './fetching.ts';
import { whole } from './local-site.ts';

let fetching: Fetching;
let changes = 0;
beforeEach(async () => {
  fetching = await startFetching();
  changes = 0;
});
afterEach(async () => {
  await fetching[Symbol.asyncDispose]();
});

const provider = (): ArtifactProvider =>
  createArtifactProvider({
    ...fetching.deps,
    log: silentLogger,
    architecture: 'amd64',
    onChange: () => {
      changes += 1;
    },
  });

const artifact = (name: string): LockedArtifact => ({
  name,
  version: '1',
  arch: 'amd64',
  kind: 'binary',
  url: `https://dl.k8s.io/${name}`,
  sha256: sha256Hex(name),
  size: name.length,
  reference: null,
});
const lockOf = (...names: readonly string[]): ArtifactLock => ({
  schema: 'muster/artifact-lock/v1',
  artifacts: names.map(artifact),
});

async function kinds(from: ArtifactProvider, lock: ArtifactLock): Promise<string[]> {
  const states = await from.states(lock);
  return lock.artifacts.map(({ sha256 }) => states.get(sha256)?.kind ?? 'none');
}

test('an artifact is missing until somebody asks, then pulling, then stored', async () => {
  const artifacts = provider();
  const lock = lockOf('kubeadm', 'kubelet');
  for (const name of ['kubeadm', 'kubelet']) fetching.site.put(`/${name}`, name);
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  fetching.site.once('/kubelet', (content, request, response) => {
    void held.then(() => whole(content, request, response));
  });
  expect(await kinds(artifacts, lock)).toEqual(['missing', 'missing']);
  artifacts.pullInBackground(lock);
  expect(await kinds(artifacts, lock)).toEqual(['pulling', 'pulling']);
  // Of another lock too, where it has the same artifact.
  expect(await kinds(artifacts, lockOf('kubelet', 'etcd'))).toEqual(['pulling', 'missing']);
  release();
  await artifacts.settled();
  expect(await kinds(artifacts, lock)).toEqual(['stored', 'stored']);
  expect(changes).toBeGreaterThan(1);
});

test('what could not be fetched has failed and says why, until it is asked for again', async () => {
  const artifacts = provider();
  const lock = lockOf('kubeadm', 'kubelet');
  fetching.site.put('/kubelet', 'kubelet');
  artifacts.pullInBackground(lock);
  await artifacts.settled();
  const [kubeadm] = lock.artifacts;
  expect((await artifacts.states(lock)).get(kubeadm?.sha256 ?? '')).toEqual({
    kind: 'failed',
    message: expect.stringContaining('answered 404'),
  });
  expect(artifacts.pullState(lock)).toMatchObject({ state: 'failed' });
  const changesBefore = changes;
  fetching.site.put('/kubeadm', 'kubeadm');
  artifacts.pullInBackground(lock);
  expect(await kinds(artifacts, lock)).toEqual(['pulling', 'stored']);
  await artifacts.settled();
  expect(await kinds(artifacts, lock)).toEqual(['stored', 'stored']);
  expect(changes).toBeGreaterThan(changesBefore);
});
