import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { artifactNames, releaseFor } from '../../../coordinator/artifacts/catalogue.ts';
import { everyRecipe, recipesFor } from '../../lab/artifacts/artifact-recipes.ts';
import { kubernetesReleases, newestKubernetes } from '../../lab/artifacts/kubernetes-releases.ts';

const versions = kubernetesReleases.map(({ version }) => version);

test.each(versions)('the recipes of %s make every artifact that a cluster needs', (version) => {
  const made = recipesFor(version).flatMap(({ artifacts }) => artifacts);
  expect(new Set(made.map(({ name }) => name))).toEqual(new Set(artifactNames));
  const own = ['kubeadm', 'kubelet', 'kubectl', 'image-kube-apiserver', 'image-kube-proxy'];
  for (const name of own) {
    expect(made.filter((artifact) => artifact.name === name)).toMatchObject([{ version }]);
  }
});

test.each(versions)('the catalogue asks of the tags of %s what the lab makes', (version) => {
  const made = recipesFor(version).flatMap(({ artifacts }) => artifacts);
  const release = releaseFor(version);
  for (const name of ['image-coredns', 'image-pause', 'image-agnhost', 'etcd'] as const) {
    expect(made).toContainEqual(expect.objectContaining({ name, version: release[name] }));
  }
});

test.each(kubernetesReleases)('$module pins the sources of $version', async (release) => {
  const path = join(import.meta.dirname, '../../lab/artifacts/modules', release.module, 'go.mod');
  const module = await readFile(path, 'utf8');
  expect(module).toMatch(new RegExp(`k8s\\.io/kubernetes ${release.version} `));
  const staged = [...module.matchAll(/^\tk8s\.io\/(\S+) => k8s\.io\/(\S+) v0(\.\d+\.\d+)$/gm)];
  expect(staged.length).toBeGreaterThan(25);
  for (const [, from, to, version] of staged) {
    expect([to, `v1${version}`]).toEqual([from, release.version]);
  }
});

test('what does not depend on the version is one recipe for all of them', () => {
  const [newest = [], older = []] = versions.map(recipesFor);
  expect(newest.filter((recipe) => !older.includes(recipe))).toHaveLength(1);
  const files = everyRecipe.flatMap(({ artifacts }) =>
    artifacts.map(({ name, version }) => `${name} ${version}`),
  );
  expect(new Set(files).size).toBe(files.length);
});

test('a version that the lab cannot build is refused with those it can', () => {
  expect(newestKubernetes).toBe('v1.37.1');
  expect(() => recipesFor('v1.35.2')).toThrow(
    'the lab cannot build Kubernetes v1.35.2: it has the sources of v1.37.1 and v1.36.4',
  );
});
