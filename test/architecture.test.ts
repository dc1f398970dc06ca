// The structure as a test: who may import whom, one door per package, purity, file size. A rule that
// is broken here is either a mistake or a decision that belongs into ARCHITECTURE.md first.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const folders = ['shared', 'agent', 'coordinator'];
const files = folders
  .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }))
  .filter((file) => !file.includes('/generated/'));

const sourceOf = (file: string): string => readFileSync(join(root, file), 'utf8');

interface Import {
  readonly from: string;
  readonly to: string;
}

function importsOf(file: string): readonly Import[] {
  const found = sourceOf(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g);
  return [...found].map(([, to = '']) => ({
    from: file,
    to: to.startsWith('.') ? relative('', normalize(join(dirname(file), to))) : to,
  }));
}

const imports = files.flatMap(importsOf);
const show = (list: readonly Import[]): string[] => list.map(({ from, to }) => `${from} -> ${to}`);

test('there are files to look at', () => {
  expect(files.length).toBeGreaterThan(60);
  expect(imports.length).toBeGreaterThan(200);
});

test('shared imports neither the agent nor the coordinator', () => {
  const wrong = imports.filter(
    ({ from, to }) => from.startsWith('shared/') && /^(agent|coordinator)\//.test(to),
  );
  expect(show(wrong)).toEqual([]);
});

test('the agent and the coordinator never import each other', () => {
  const wrong = imports.filter(
    ({ from, to }) =>
      (from.startsWith('agent/') && to.startsWith('coordinator/')) ||
      (from.startsWith('coordinator/') && to.startsWith('agent/')),
  );
  expect(show(wrong)).toEqual([]);
});

test.each([
  ['pino', /^shared\/log\.ts$/],
  ['execa', /^agent\/host\/exec\.ts$/],
  ['systeminformation', /^agent\/facts\//],
  ['nats', /^coordinator\/(store|events)\//],
  ['@grpc/grpc-js', /^(shared\/rpc|coordinator\/rpc|agent\/link)\//],
  ['@grpc/proto-loader', /^shared\/rpc\//],
  ['node:sqlite', /^coordinator\/store\//],
  ['@hpke/core', /^shared\/seal\.ts$/],
  ['commander', /^coordinator\/cli\//],
  ['croner', /^coordinator\/spec\//],
  ['tar-stream', /^shared\/tar\.ts$/],
])('%s enters by one door', (name, door) => {
  const users = imports.filter(({ from, to }) => to === name && !door.test(from));
  expect(show(users)).toEqual([]);
});

test('zod, yaml and commander stay out of the agent’s bundle', () => {
  const wrong = imports.filter(
    ({ from, to }) => /^(agent|shared)\//.test(from) && ['zod', 'yaml', 'commander'].includes(to),
  );
  expect(show(wrong)).toEqual([]);
});

const pure = files.filter(
  (file) =>
    /^coordinator\/(planner|render|runbooks|components)\//.test(file) ||
    /^coordinator\/presence\/(judge-|see-|seen-|problem|.*-sentences)/.test(file) ||
    [
      'agent/plan/verify.ts',
      'agent/plan/decide.ts',
      'coordinator/plan-records/apply-record.ts',
    ].includes(file),
);

test('planner, render, judging, verify, decide and apply-record know no clock, no chance and no I/O', () => {
  expect(pure.length).toBeGreaterThan(25);
  const impure =
    /\b(Date\.now|new Date\(\)|Math\.random|process\.|setTimeout|randomBytes|randomUUID)\b/;
  expect(pure.filter((file) => impure.test(sourceOf(file)))).toEqual([]);
  const doors = imports.filter(
    ({ from, to }) =>
      pure.includes(from) && /^node:(fs|net|http|https|child_process|timers|os|tls|dgram)/.test(to),
  );
  expect(show(doors)).toEqual([]);
});

test('steps reach the machine through the Host port alone', () => {
  const wrong = imports.filter(
    ({ from, to }) => from.startsWith('agent/steps/') && /^node:(fs|child_process)/.test(to),
  );
  expect(show(wrong)).toEqual([]);
});

test('steps speak to clusters through the KubeApi port, and to the network through their context', () => {
  const real = /^agent\/host\/(node-host|node-kube-api|own-process|exec|files)\.ts$/;
  const wrong = imports.filter(
    ({ from, to }) =>
      from.startsWith('agent/steps/') && (real.test(to) || /^node:(https?|net|tls)$/.test(to)),
  );
  expect(show(wrong)).toEqual([]);
  const values = files.filter(
    (file) => file.startsWith('agent/steps/') && /import \{[^}]*\bhttpGet\b/.test(sourceOf(file)),
  );
  expect(values).toEqual([]);
});

test('what the agent keeps of plans reaches the disk through the StateDisk port alone', () => {
  const wrong = imports.filter(
    ({ from, to }) =>
      /^agent\/(plan\/|journal-commands)/.test(from) &&
      (to.startsWith('node:fs') || to === 'agent/durable-file.ts'),
  );
  expect(show(wrong)).toEqual([]);
});

test('chance reaches the agent through its port, but for the names of temporary files', () => {
  const chance = /\b(Math\.random|randomBytes|randomInt|randomUUID)\b/;
  const users = files.filter((file) => file.startsWith('agent/') && chance.test(sourceOf(file)));
  expect(users).toEqual(['agent/host/files.ts']);
});

test('no file outgrows 400 lines', () => {
  const long = files.filter((file) => sourceOf(file).split('\n').length > 400);
  expect(long).toEqual([]);
});

test('no file is named after nothing', () => {
  const vague = /(^|\/)(utils?|helpers?|common|misc|manager|types|index)\.ts$/;
  expect(files.filter((file) => vague.test(file))).toEqual([]);
});

test('nothing of the agent or shared needs a bundle to understand import.meta', () => {
  const wrong = files.filter(
    (file) => /^(agent|shared)\//.test(file) && /import\.meta/.test(sourceOf(file)),
  );
  expect(wrong).toEqual([]);
});

test('nothing in the product names the machine it was written on', () => {
  const wrong = files.filter((file) =>
    /\/work\/|registry\.npmjs|proxy\.golang/.test(sourceOf(file)),
  );
  expect(wrong).toEqual([]);
});
