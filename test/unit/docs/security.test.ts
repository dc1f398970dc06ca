// docs/security.md says what holds and which test shows it. Here it is held to that: every property is
// there once, and every file, test and mutation that it names exists under that name.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mutations } from '../../mutations/mutations.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
// Lines are wrapped between names, never within one.
const text = read('docs/security.md');

interface Property {
  readonly number: number;
  readonly standing: string;
  readonly body: string;
}

const properties: readonly Property[] = [
  ...text.matchAll(/^\*\*(\d+)\. (\w+)\.\*\*([\s\S]*?)(?=^\*\*\d+\. |^## )/gm),
].map(([, number, standing = '', body = '']) => ({ number: Number(number), standing, body }));

const quoted = (source: string): readonly string[] =>
  [...source.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name);

const testOf = (name: string): { readonly file: string; readonly title: string } => {
  const [file = '', title = ''] = name.split(' › ');
  return { file, title };
};

const isTest = (name: string): boolean => name.includes(' › ');
const isFile = (name: string): boolean =>
  /^(agent|coordinator|shared|test|docs)\/\S+\.\w+$/.test(name);

/** As the first argument of test or it, in quotes of any kind. */
function hasTest({ file, title }: { readonly file: string; readonly title: string }): boolean {
  if (!file.endsWith('.test.ts') || !existsSync(join(root, file))) return false;
  const source = read(file);
  return ["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote}`));
}

test('every property is there once, in order, and says whether it holds', () => {
  const all = Array.from({ length: 28 }, (_, index) => index + 1);
  expect(properties.map(({ number }) => number)).toEqual(all);
  const odd = properties.filter(({ standing }) => !/^(holds|partly|later)$/.test(standing));
  expect(odd).toEqual([]);
});

test('every property that is there at all names its code and a test', () => {
  const bare = properties
    .filter(({ standing }) => standing !== 'later')
    .filter(({ body }) => !quoted(body).some(isFile) || !quoted(body).some(isTest));
  expect(bare).toEqual([]);
});

test('what holds partly says what is missing, and what holds says nothing of the kind', () => {
  const wrong = properties.filter(
    ({ standing, body }) =>
      standing !== 'later' && (standing === 'partly') !== body.includes('Missing: '),
  );
  expect(wrong).toEqual([]);
});

test('every file that is named exists', () => {
  const files = quoted(text).filter(isFile);
  expect(files.length).toBeGreaterThan(40);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('every test that is named is in its file', () => {
  const tests = quoted(text).filter(isTest);
  expect(tests.length).toBeGreaterThan(60);
  expect(tests.filter((name) => !hasTest(testOf(name)))).toEqual([]);
});

test('every mutation that is named is in the list', () => {
  const named = [...text.matchAll(/mutations? ((?:`[a-z-]+`(?:, )?)+)/g)].flatMap(
    ([, names = '']) => quoted(names),
  );
  expect(named.length).toBeGreaterThan(5);
  const known = mutations.map(({ name }) => name);
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

test('every attack has a test', () => {
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1);
  expect(rows.filter((row) => !quoted(row).some(isTest))).toEqual([]);
});
