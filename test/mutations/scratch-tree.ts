// A copy of the sources beside the checkout, so that taking a protection out never touches the tree
// that people work in. Packages are linked, everything else is a file of its own.
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutation } from './mutation.ts';

const root = join(import.meta.dirname, '../..');
const parts = [
  'agent',
  'coordinator',
  'deploy',
  'examples',
  'package.json',
  'package-lock.json',
  'proto',
  'scripts',
  'shared',
  'test',
  'tsconfig.json',
];

export interface ScratchTree extends AsyncDisposable {
  readonly folder: string;
  /** Until the value that it gives is disposed of. @throws Error when the text is not there once. */
  apply(mutation: Mutation): Promise<AsyncDisposable>;
}

export async function createScratchTree(): Promise<ScratchTree> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-mutations-'));
  await Promise.all(
    parts.map((part) => cp(join(root, part), join(folder, part), { recursive: true })),
  );
  await mkdir(join(folder, 'dist'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return {
    folder,
    async apply(mutation) {
      const path = join(folder, mutation.file);
      const before = await readFile(path, 'utf8');
      await writeFile(path, mutated(before, mutation));
      return { [Symbol.asyncDispose]: () => writeFile(path, before) };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** @throws Error when the text to replace does not stand there exactly once. */
export function mutated(source: string, mutation: Mutation): string {
  const [before, after, ...more] = source.split(mutation.from);
  if (before === undefined || after === undefined || more.length > 0) {
    const found = after === undefined ? 'not there' : 'there more than once';
    throw new Error(
      `mutation ${mutation.name}: the text it replaces is ${found} in ${mutation.file}; ` +
        'the protection moved: let the mutation follow it',
    );
  }
  return `${before}${mutation.to}${after}`;
}
