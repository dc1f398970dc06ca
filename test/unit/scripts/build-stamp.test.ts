import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BuildStamp, isStillSo, readStamp, stampOf } from '../../../scripts/build-stamp.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function aProgram(): Promise<{ path: string; stamp: BuildStamp }> {
  const path = join(await temporaryDirectory(), 'program');
  await writeFile(path, 'program');
  const stamp = await stampOf(['agent/main.ts', 'shared/errors.ts'], { code: 'c', bytes: 7 });
  return { path, stamp };
}

test('a program whose inputs are as they were is not made again', async () => {
  const { path, stamp } = await aProgram();
  expect(Object.keys(stamp.files)).toEqual(
    expect.arrayContaining(['agent/main.ts', 'shared/errors.ts', 'package-lock.json']),
  );
  expect(await isStillSo(stamp, path)).toBe(true);
});

test.each([
  ['a file that went into it changed', { files: { 'agent/main.ts': 'other' } }],
  ['a file that went into it is gone', { files: { 'agent/gone.ts': 'a' } }],
  ['it was made around another Node', { node: 'v24.0.0 x64 1 1' }],
  ['it has another size than was written', { bytes: 8 }],
])('it is made again when %s', async (_, change: Partial<BuildStamp>) => {
  const { path, stamp } = await aProgram();
  const files = { ...stamp.files, ...change.files };
  expect(await isStillSo({ ...stamp, ...change, files }, path)).toBe(false);
});

test('it is made again when it is gone, or when what it was made of is not known', async () => {
  const { path, stamp } = await aProgram();
  await rm(path);
  expect(await isStillSo(stamp, path)).toBe(false);
  expect(await readStamp(`${path}.build.json`)).toBeNull();
  await writeFile(`${path}.build.json`, '{"inputs":"of an older form","bytes":1}');
  expect(await readStamp(`${path}.build.json`)).toBeNull();
});
