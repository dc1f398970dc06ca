import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cli } from './cli-world.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muster-cli-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const file = async (name: string, content: string): Promise<string> => {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
};

test.each([
  ['an unknown command', ['gte'], "unknown command 'gte'", 'Did you mean get?'],
  [
    'an unknown flag',
    ['get', 'nodes', '--wtach'],
    "unknown option '--wtach'",
    'Did you mean --watch?',
  ],
  ['a missing argument', ['get'], "missing required argument 'kind'", '--help'],
  ['a missing flag', ['apply'], "required option '-f, --file <file>' not specified", '--help'],
  ['too many arguments', ['explain', 'a', 'b'], 'too many arguments', '--help'],
  ['an unknown kind', ['get', 'nodse'], 'there is no kind "nodse"', 'did you mean nodes?'],
  [
    'an unknown output',
    ['get', 'nodes', '-o', 'xml'],
    '-o "xml": expected one of table, wide, json, yaml, name',
    '',
  ],
  ['a bad selector', ['get', 'nodes', '-l', 'a=b=c'], '-l "a=b=c": expected key=value', ''],
  [
    'a bad duration',
    ['token', 'create', '--pool', 'w', '--ttl', 'soon'],
    '--ttl "soon": expected a duration such as 90s',
    '',
  ],
  ['a bad number', ['token', 'create', '--pool', 'w', '--uses', '-1'], '--uses', ''],
  [
    'a bad condition',
    ['wait', '--for', 'sunshine'],
    '--for "sunshine": expected ready, healthy, ready=N',
    '',
  ],
  [
    'a bad format',
    ['join-material', '--pool', 'w', '--format', 'pdf'],
    'Allowed choices are shell, cloud-init',
    '',
  ],
  ['a bad port', ['init', '--grpc-port', '99999'], '--grpc-port "99999": expected a port', ''],
  ['a bad log level', ['serve', '--log-level', 'loud'], '--log-level "loud"', ''],
  ['a bad base', ['artifacts', 'pull', '--base', 'x'], 'expected HOST=URL', ''],
])('%s is a usage error with the way out', async (_what, argv, sentence, hint) => {
  const ran = await cli(argv, { MUSTER_DATA: directory });
  expect(ran.out).toBe('');
  expect(ran.err).toContain(sentence);
  expect(ran.err).toContain(hint);
  expect(ran.code).toBe(2);
});

test.each([
  ['get', 'nodes'],
  ['explain'],
  ['token', 'list'],
  ['logs'],
  ['retry'],
  ['kubeconfig'],
  ['smoke-test'],
  ['wait', '--for', 'ready'],
  ['plan', 'show', 'p1'],
  ['describe', 'node', 'x'],
])('without a coordinator %s says how to start it, with code 5', async (...argv) => {
  const ran = await cli(argv, { MUSTER_DATA: directory });
  expect(ran).toEqual({
    code: 5,
    out: '',
    err: `error: no coordinator answers at ${directory}/coordinator.sock\nstart it with: coordinator serve --data ${directory}\n`,
  });
});

test('a socket that nobody listens on any more is the same', async () => {
  await file('coordinator.sock', '');
  const ran = await cli(['get', 'nodes'], { MUSTER_DATA: directory });
  expect(ran.code).toBe(5);
  expect(ran.err).toContain('start it with: coordinator serve');
});

test('version answers without a coordinator too', async () => {
  const ran = await cli(['version'], { MUSTER_DATA: directory });
  expect(ran.code).toBe(0);
  expect(ran.out).toMatch(/^program +\d+\.\d+\.\d+\n$/);
  expect(await cli(['--version'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
});

test('a spec with faults is refused before anyone is called, one line per fault', async () => {
  const path = await file(
    'cluster.yaml',
    'apiVersion: muster/v1\nkind: Cluster\nmetadata: {name: lab}\nspec:\n  kubernets: {version: v1.37.1}\n  pools: []\n',
  );
  const ran = await cli(['apply', '-f', path], { MUSTER_DATA: directory });
  expect(ran).toEqual({
    code: 2,
    out: '',
    err: [
      `error: ${path} has 3 faults; nothing was changed`,
      `${path}:4:1: spec.kubernetes: is required: a map of fields`,
      `${path}:5:3: spec.kubernets: unknown field "kubernets"; the nearest known one is "kubernetes"`,
      `${path}:6:3: spec.pools: must not be empty`,
      '',
    ].join('\n'),
  });
});

test('a file that is not there is named, with code 4', async () => {
  const ran = await cli(['apply', '-f', `${directory}/gone.yaml`], { MUSTER_DATA: directory });
  expect(ran).toEqual({
    code: 4,
    out: '',
    err: `error: there is no file ${directory}/gone.yaml\n`,
  });
  expect(await cli(['apply', '-f', directory])).toMatchObject({
    code: 2,
    err: expect.stringContaining('is a directory'),
  });
});

test('an agent that is no program for Linux is refused', async () => {
  const path = await file('agent', 'MZ no');
  const ran = await cli(['serve', '--agent-binary', path], { MUSTER_DATA: directory });
  expect(ran).toMatchObject({
    code: 2,
    err: expect.stringContaining('not a program for Linux on x86_64 or aarch64'),
  });
  expect(
    await cli(['serve', '--agent-binary', `${directory}/gone`], { MUSTER_DATA: directory }),
  ).toMatchObject({ code: 2 });
});

test('serve without init says to init first', async () => {
  const ran = await cli(['serve'], { MUSTER_DATA: directory });
  expect(ran).toMatchObject({
    code: 4,
    err: expect.stringContaining(`coordinator init --data ${directory}`),
  });
});

test('schema shows fields as a table, and the JSON Schema for editors', async () => {
  const ran = await cli(['schema', 'cluster.spec.kubernetes']);
  expect(ran.out).toBe(
    'cluster.spec.kubernetes  map\n\nFIELD    TYPE    DEFAULT   WHAT IT IS\nversion  string  required  of every Kubernetes component\n',
  );
  expect(JSON.parse((await cli(['schema', '--json'])).out)).toMatchObject({
    type: 'object',
    properties: { spec: {} },
  });
  expect(await cli(['schema', 'cluster.spce'])).toMatchObject({
    code: 4,
    err: 'error: cluster has no field "spce"; did you mean cluster.spec?\n',
  });
});

test('artifacts are locked from a directory, pulled once, listed and verified', async () => {
  const lock = join(directory, 'cluster.lock.json');
  const { artifactNames, releaseFor } = await import(
    '../../../../coordinator/artifacts/catalogue.ts'
  );
  const { mkdir } = await import('node:fs/promises');
  const release = releaseFor('v1.37.1');
  for (const name of artifactNames) {
    const folder = join(directory, 'source', name, release[name], 'amd64');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), `file of ${name}`);
  }
  const spec = await file(
    'c.yaml',
    `apiVersion: muster/v1\nkind: Cluster\nmetadata: {name: lab}\nspec:\n  kubernetes: {version: v1.37.1}\n  pools: [{name: m, roles: [etcd, control-plane], size: 1}]\n  artifacts: {source: directory, directory: ${directory}/source}\n`,
  );
  const env = { MUSTER_DATA: join(directory, 'data') };
  expect(await cli(['artifacts', 'lock', '-f', spec, '-o', lock], env)).toMatchObject({
    code: 0,
    out: `${lock}\n`,
  });
  expect(await cli(['artifacts', 'verify', '--lock', lock], env)).toMatchObject({
    code: 1,
    out: expect.stringContaining('kubeadm v1.37.1 (amd64): missing; pull it'),
  });
  expect(await cli(['artifacts', 'pull', '--lock', lock], env)).toMatchObject({
    code: 0,
    out: '17 fetched, 0 were there\n',
  });
  expect(await cli(['artifacts', 'pull', '--lock', lock], env)).toMatchObject({
    code: 0,
    out: '0 fetched, 17 were there\n',
    err: '',
  });
  expect(await cli(['artifacts', 'verify', '--lock', lock], env)).toMatchObject({
    code: 0,
    err: 'all 17 artifacts are right\n',
  });
  const listed = await cli(['artifacts', 'list', '--lock', lock, '-o', 'name'], env);
  expect(listed.out.split('\n')[0]).toBe('artifact/kubeadm');
  const bad = await file('bad.json', '{}');
  expect(await cli(['artifacts', 'pull', '--lock', bad], env)).toMatchObject({
    code: 2,
    err: expect.stringContaining('is not an artifact lock'),
  });
});

test('init makes the directory once; the second time it refuses and changes nothing', async () => {
  const data = join(directory, 'data');
  const first = await cli([
    'init',
    '--data',
    data,
    '--address',
    '127.0.0.1',
    '--address',
    'here.example',
  ]);
  expect(first.code).toBe(0);
  expect(first.out).toMatch(/^fleet \S+\npin [A-Za-z0-9_-]{43}\n$/);
  expect(first.err).toContain('agents reach this coordinator at 127.0.0.1, here.example');
  expect(await cli(['init', '--data', data])).toMatchObject({
    code: 6,
    out: '',
    err: expect.stringContaining('is initialised already'),
  });
});
