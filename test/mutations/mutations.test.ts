// Six protections, chosen by a seed, are taken out of a copy of the code, and a test has to see each.
// All of them: `npm run test:mutations`.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failingTests } from './failing-tests.ts';
import type { Mutation } from './mutation.ts';
import { mutations } from './mutations.ts';
import { createScratchTree, mutated } from './scratch-tree.ts';

const root = join(import.meta.dirname, '../..');
const sampleSize = 6;
const seed = Number(process.env['MUSTER_SEED'] ?? Math.floor(Math.random() * 1_000_000));

test('every mutation has a name of its own', () => {
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
});

test('every protection that a mutation takes out stands where it says, once', async () => {
  for (const mutation of mutations) {
    const source = await readFile(join(root, mutation.file), 'utf8');
    expect(mutated(source, mutation)).not.toBe(source);
  }
});

test('a mutation whose text moved is an error that names the file', () => {
  const [mutation] = mutations as readonly [Mutation];
  expect(() => mutated('nothing of it', mutation)).toThrow(
    `is not there in ${mutation.file}; the protection moved`,
  );
  expect(() => mutated(`${mutation.from}${mutation.from}`, mutation)).toThrow('more than once');
});

test('six protections that are taken out are missed by a test each', {
  timeout: 600_000,
}, async () => {
  console.log(`  MUSTER_SEED=${seed}`);
  await using tree = await createScratchTree();
  const unseen: string[] = [];
  for (const mutation of sample(mutations, seed)) {
    await using _applied = await tree.apply(mutation);
    const [first] = await failingTests(tree.folder, mutation.tests);
    if (first === undefined) unseen.push(mutation.name);
  }
  expect(unseen).toEqual([]);
});

/** Six that are spread over the list, so that each room has its turn. */
function sample(all: readonly Mutation[], start: number): readonly Mutation[] {
  const stride = Math.floor(all.length / sampleSize);
  return Array.from(
    { length: sampleSize },
    (_, index) => all[(start + index * stride) % all.length],
  ).filter((mutation) => mutation !== undefined);
}
