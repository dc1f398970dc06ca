import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const script = join(import.meta.dirname, '../../../scripts/setup.mjs');

interface Setup {
  readonly root: string;
  run(): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
}

/** A clone whose npm is a shell script: what it says and how it ends is the test's. */
async function aClone(npm: string): Promise<Setup> {
  const root = await temporaryDirectory();
  for (const folder of ['bin', 'scripts']) await mkdir(join(root, folder));
  await copyFile(script, join(root, 'scripts/setup.mjs'));
  await writeFile(join(root, 'package-lock.json'), '{}');
  await writeFile(join(root, 'bin/npm'), `#!/bin/sh\n${npm}\n`);
  await chmod(join(root, 'bin/npm'), 0o755);
  const env = { ...process.env, PATH: `${join(root, 'bin')}:/usr/bin:/bin` };
  const run = (): ReturnType<Setup['run']> =>
    new Promise((resolve) => {
      execFile(process.execPath, ['scripts/setup.mjs'], { cwd: root, env }, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err });
      });
    });
  return { root, run };
}

const runtime = `node_modules/node-linux-${process.arch}/bin`;
const install = `mkdir -p node_modules/.bin ${runtime}; touch ${runtime}/node; echo ours > node_modules/.package-lock.json`;

test('a fresh clone gets its packages and the Node that came with them, once', async () => {
  const clone = await aClone(`${install}; echo "npm $1"`);
  expect(await clone.run()).toEqual({
    code: 0,
    out: '',
    err: 'setup: installing the locked npm packages\nnpm ci\n',
  });
  expect(await readlink(join(clone.root, 'node_modules/.bin/node'))).toBe(
    `../node-linux-${process.arch}/bin/node`,
  );
  expect(await clone.run()).toEqual({ code: 0, out: '', err: '' });
});

test('packages of another lock file are not taken for these, however young they are', async () => {
  const clone = await aClone(`${install}; echo "npm $1"`);
  await clone.run();
  const lock = join(clone.root, 'package-lock.json');
  await writeFile(lock, '{"of": "another branch"}');
  await utimes(lock, new Date(0), new Date(0));
  expect((await clone.run()).err).toContain('npm ci');
  expect((await clone.run()).err).toBe('');
});

test('packages that were put there by hand are not taken for these, whatever the lock file says', async () => {
  const clone = await aClone(`${install}; echo "npm $1"`);
  await clone.run();
  await writeFile(join(clone.root, 'node_modules/.package-lock.json'), 'of another branch');
  expect((await clone.run()).err).toContain('npm ci');
  expect((await clone.run()).err).toBe('');
});

test('an install that failed is begun again', async () => {
  const clone = await aClone(
    `${install}; if [ ! -e once ]; then touch once; exit 1; fi; echo "npm $1"`,
  );
  expect((await clone.run()).code).toBe(1);
  expect(await clone.run()).toMatchObject({ code: 0, err: expect.stringContaining('npm ci') });
});

test('that npm’s own Node is too old for a package is not told, and everything else is', async () => {
  const clone = await aClone(`${install}
cat >&2 <<'END'
npm warn EBADENGINE Unsupported engine {
npm warn EBADENGINE   package: 'commander@15.1.0',
npm WARN EBADENGINE }
npm warn deprecated old@1.0.0: use another one
npm warn tarball data of thing@2.0.0 seems to be corrupted. Trying again.
END
echo 'added 2 packages'`);
  const { code, err } = await clone.run();
  expect(code).toBe(0);
  expect(err.split('\n').sort()).toEqual(
    [
      '',
      'setup: installing the locked npm packages',
      'npm warn deprecated old@1.0.0: use another one',
      'npm warn tarball data of thing@2.0.0 seems to be corrupted. Trying again.',
      'added 2 packages',
    ].sort(),
  );
});

test('an install that failed is said with npm’s own words', async () => {
  const clone = await aClone("echo 'npm error code EBADENGINE' >&2; exit 1");
  const { code, err } = await clone.run();
  expect(code).toBe(1);
  expect(err).toContain('npm error code EBADENGINE\nsetup: npm ci failed; see its output above');
});
