import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  draftClusterFile,
  keepClusterFile,
  kubernetesOf,
  readClusterFile,
} from '../../lab/fleet/cluster-file.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('a lab’s cluster.yaml has its version, size and artifacts, and tells them again', async () => {
  const directory = join(await temporaryDirectory(), 'lab');
  expect(await readClusterFile(directory)).toBeNull();
  const wish = { kubernetes: 'v1.36.4', directory: '/var/cache/built', masters: 1 };
  const path = await draftClusterFile(directory, wish);
  const { spec } = parse(await readFile(path, 'utf8')) as { spec: Record<string, unknown> };
  await keepClusterFile(directory);
  expect(await readClusterFile(directory)).toEqual(wish);
  expect(spec).toMatchObject({
    kubernetes: { version: 'v1.36.4' },
    artifacts: { source: 'directory', directory: '/var/cache/built' },
    kubelet: { evictionHard: { 'memory.available': '100Mi' } },
  });
  expect(spec['pools']).toMatchObject([{ name: 'control-plane', size: 1 }, { name: 'workers' }]);
});

test('official releases need no directory', async () => {
  const directory = await temporaryDirectory();
  const wish = { kubernetes: 'v1.37.1', directory: null, masters: 3 };
  await draftClusterFile(directory, wish);
  await keepClusterFile(directory);
  expect(await readClusterFile(directory)).toEqual(wish);
});

test('a change that was not taken does not become what the lab was made with', async () => {
  const directory = await temporaryDirectory();
  const wish = { kubernetes: 'v1.36.4', directory: null, masters: 3 };
  await draftClusterFile(directory, wish);
  expect(await readClusterFile(directory)).toBeNull();
  await keepClusterFile(directory);
  await draftClusterFile(directory, { ...wish, kubernetes: 'v1.37.1' });
  expect(await readClusterFile(directory)).toEqual(wish);
});

test('another version than a lab has is refused before anything is built', () => {
  expect(() => kubernetesOf('dev', { wanted: 'v1.36.4', made: 'v1.37.1' })).toThrow(
    /lab dev has Kubernetes v1\.37\.1.*--lab dev down/,
  );
  expect(kubernetesOf('dev', { wanted: 'v1.36.4', made: 'v1.36.4' })).toBe('v1.36.4');
  expect(kubernetesOf('dev', { wanted: undefined, made: 'v1.36.4' })).toBe('v1.36.4');
  expect(kubernetesOf('dev', { wanted: 'v1.36.4', made: undefined })).toBe('v1.36.4');
});
