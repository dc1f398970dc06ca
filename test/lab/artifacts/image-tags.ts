// Holds the image names of the recipes against what the built kubeadm will ask for: a wrong tag
// would otherwise show as a node that tries to pull from the Internet, minutes into an install.

import { run } from '../run.ts';
import type { BuildRecipe } from './artifact-recipe.ts';

/** kubeadm's own etcd is not used: etcd runs outside of the cluster. */
const unused = 'registry.k8s.io/etcd:';

/** Throws when an image that kubeadm names is in none of the recipes. */
export async function demandImageTags(
  kubeadm: string,
  version: string,
  recipes: readonly BuildRecipe[],
): Promise<void> {
  const list = ['config', 'images', 'list', '--kubernetes-version', version];
  const wanted = (await run([kubeadm, ...list])).trim().split('\n');
  const packings = recipes.flatMap(({ artifacts }) => artifacts.map(({ packing }) => packing));
  const references = packings.map((packing) => (packing.kind === 'image' ? packing.reference : ''));
  const missing = wanted.filter((name) => !name.startsWith(unused) && !references.includes(name));
  if (missing.length === 0) return;
  throw new Error(`kubeadm ${version} uses ${missing.join(', ')}: correct kubernetes-releases.ts`);
}
