// The command line against a coordinator process, both as users start them: exit codes, streams and
// the text of every error. No host and no cluster is needed.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { artifactNames, releaseFor } from '../../coordinator/artifacts/catalogue.ts';

const main = join(import.meta.dirname, '../../coordinator/main.ts');
let directory = '';
let server: ChildProcess | null = null;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function coordinator(...argv: string[]): Promise<Ran> {
  const env = { ...process.env, MUSTER_DATA: join(directory, 'data'), NO_COLOR: '1' };
  return await new Promise((resolve) => {
    execFile(process.execPath, [main, ...argv], { env, cwd: directory }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

async function startServer(): Promise<void> {
  const argv = [
    main,
    'serve',
    '--data',
    join(directory, 'data'),
    '--listen',
    '127.0.0.1',
    '--grpc-port',
    '0',
    '--https-port',
    '0',
    '--agent-binary',
    join(directory, 'agent'),
  ];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  server = child;
  await new Promise<void>((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('coordinator serves')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${text}`)));
  });
}

async function stopServer(signal: NodeJS.Signals): Promise<number | null> {
  const child = server;
  server = null;
  if (child === null) return null;
  const ended = new Promise<number | null>((resolve) => {
    child.removeAllListeners('exit').once('exit', (code) => resolve(code));
  });
  child.kill(signal);
  return await ended;
}

const spec = (change: string = ''): string => `apiVersion: muster/v1
kind: Cluster
metadata: {name: lab}
spec:
  kubernetes: {version: v1.37.1}
  pools:
    - {name: control-plane, roles: [etcd, control-plane], size: 3}
    - {name: workers, roles: [worker]${change}}
  artifacts: {source: directory, directory: ${directory}/artifacts}
`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muster-cli-e2e-'));
  const release = releaseFor('v1.37.1');
  for (const name of artifactNames) {
    const folder = join(directory, 'artifacts', name, release[name], 'amd64');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), `file of ${name}`);
  }
  await writeFile(join(directory, 'cluster.yaml'), spec());
  // The head of a program for this machine is all that is looked at.
  await writeFile(join(directory, 'agent'), (await readFile(process.execPath)).subarray(0, 4096));
  expect((await coordinator('init', '--address', '127.0.0.1')).code).toBe(0);
  await startServer();
});

afterAll(async () => {
  await stopServer('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

test('before a cluster is applied, everything that needs one says how to get it, with code 4', async () => {
  for (const argv of [
    ['explain'],
    ['token', 'create', '--pool', 'workers'],
    ['get', 'artifacts'],
    ['retry'],
  ]) {
    const ran = await coordinator(...argv);
    expect(ran).toEqual({
      code: 4,
      out: '',
      err: 'error: there is no cluster yet: write a cluster.yaml and run `coordinator apply -f cluster.yaml`\n',
    });
  }
  expect(await coordinator('get', 'nodes')).toMatchObject({ code: 0, err: 'no nodes\n' });
});

test('a second coordinator on the same directory is refused', async () => {
  const ran = await coordinator('serve', '--grpc-port', '0', '--https-port', '0');
  expect(ran.code).not.toBe(0);
  expect(ran.err).toMatch(/^error: /m);
});

test('apply creates, then leaves unchanged; data goes to stdout, the rest to stderr', async () => {
  expect(await coordinator('apply', '-f', 'cluster.yaml', '--dry-run')).toMatchObject({
    code: 0,
    out: 'cluster/lab created (dry run: nothing was changed)\n',
  });
  expect(await coordinator('apply', '-f', 'cluster.yaml')).toMatchObject({
    code: 0,
    out: 'cluster/lab created\n',
  });
  expect(await coordinator('apply', '-f', 'cluster.yaml')).toMatchObject({
    code: 0,
    out: 'cluster/lab unchanged\n',
  });
  expect((await coordinator('explain')).out).toContain(
    'lab waits for 3 more control-plane hosts (0 of 3 have joined)',
  );
  const listed = await coordinator('get', 'clusters', '-o', 'json');
  expect(JSON.parse(listed.out)).toMatchObject({ items: [{ name: 'lab', phase: 'waiting' }] });
});

test('a spec with faults is refused with code 2, and the cluster stays as it is', async () => {
  await writeFile(join(directory, 'bad.yaml'), spec(', size: 0, taint: []'));
  const ran = await coordinator('apply', '-f', 'bad.yaml');
  expect(ran).toEqual({
    code: 2,
    out: '',
    err: 'error: bad.yaml has 2 faults; nothing was changed\nbad.yaml:8:40: spec.pools[1].size: 0 is too small: at least 1\nbad.yaml:8:49: spec.pools[1].taint: unknown field "taint"; the nearest known one is "taints"\n',
  });
  expect(await coordinator('apply', '-f', 'cluster.yaml')).toMatchObject({
    out: 'cluster/lab unchanged\n',
  });
});

test('an artifact source that is not there refuses the apply with code 3', async () => {
  const missing = spec().replace('name: lab', 'name: other').replace('/artifacts}', '/nowhere}');
  await writeFile(join(directory, 'missing.yaml'), missing);
  const ran = await coordinator('apply', '-f', 'missing.yaml');
  expect(ran).toMatchObject({ code: 3, out: '' });
  expect(ran.err).toContain(`no artifact lock could be made: ${directory}/nowhere does not exist`);
});

test('a lock with a missing artifact is refused with code 3, one with a wrong digest shows up as failed', async () => {
  expect(await coordinator('artifacts', 'lock', '-f', 'cluster.yaml')).toMatchObject({
    code: 0,
    out: 'cluster.lock.json\n',
  });
  const lock = JSON.parse(await readFile(join(directory, 'cluster.lock.json'), 'utf8')) as {
    artifacts: { name: string; sha256: string }[];
  };
  const without = { ...lock, artifacts: lock.artifacts.filter(({ name }) => name !== 'kubelet') };
  await writeFile(join(directory, 'without.json'), JSON.stringify(without));
  const refused = await coordinator('apply', '-f', 'cluster.yaml', '--lock', 'without.json');
  expect(refused).toMatchObject({
    code: 3,
    err: 'error: the artifact lock lacks for amd64: kubelet\n',
  });

  const wrong = {
    ...lock,
    artifacts: lock.artifacts.map((entry) =>
      entry.name === 'kubelet' ? { ...entry, sha256: 'a'.repeat(64) } : entry,
    ),
  };
  await writeFile(join(directory, 'wrong.json'), JSON.stringify(wrong));
  const pulled = await coordinator('artifacts', 'pull', '--lock', 'wrong.json');
  expect(pulled.code).toBe(1);
  expect(pulled.err).toMatch(
    /^error: kubelet v1\.37\.1 \(amd64\) from file:.+: sha256 is [0-9a-f]{64}, expected a{64}: nothing was taken/m,
  );
});

test('a token is printed once, listed without its secret, extended and revoked', async () => {
  const made = await coordinator(
    'token',
    'create',
    '--pool',
    'workers',
    '--ttl',
    '30m',
    '--uses',
    '2',
  );
  expect(made.out).toMatch(
    /^mt[a-z0-9]{10}\.[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}\n$/,
  );
  expect(made.err).toMatch(/^token mt\w+ for 2 hosts, usable for 30m; it is not shown again\n$/);
  const [id = '', secret = ''] = made.out.split('.');
  const listed = await coordinator('token', 'list', '-o', 'yaml');
  expect(listed.out).toContain(`name: ${id}`);
  expect(listed.out).not.toContain(secret);
  expect(await coordinator('token', 'extend', id, '--ttl', '2h')).toMatchObject({
    code: 0,
    out: `token/${id} extended\n`,
  });
  expect(await coordinator('token', 'revoke', id)).toMatchObject({
    code: 0,
    out: `token/${id} revoked\n`,
  });
  expect(await coordinator('token', 'extend', id)).toMatchObject({
    code: 6,
    err: expect.stringContaining('is revoked'),
  });
});

test.each([
  ['a ttl that is too long', ['--ttl', '25h'], 2, 'at most 24 h'],
  ['a ttl of nothing', ['--ttl', '0s'], 2, 'more than 0 s'],
  ['no uses', ['--uses', '0'], 2, 'at least one host'],
  ['a range that is none', ['--source-range', 'home'], 2, 'not an address or range'],
  ['a standing token without range', ['--standing'], 2, 'needs --source-range and --uses'],
])('a token with %s is refused', async (_what, flags, code, sentence) => {
  const ran = await coordinator('token', 'create', '--pool', 'workers', ...flags);
  expect(ran).toMatchObject({ code, out: '' });
  expect(ran.err).toContain(sentence);
});

test('names that are not there end with code 4 and a way on', async () => {
  for (const [argv, sentence] of [
    [['get', 'nodes', 'w1'], 'there is no node w1'],
    [['describe', 'cluster', 'lba'], 'there is no cluster lba; did you mean lab?'],
    [['plan', 'show', 'p000'], 'there is no plan p000'],
    [['logs', 'w1'], 'there is no node, plan or plan/step w1'],
    [['explain', 'w1'], 'there is no node w1'],
    [['token', 'revoke', 'mt0000000000'], 'there is no token mt0000000000'],
    [
      ['token', 'create', '--pool', 'wrkers'],
      'there is no pool wrkers; there are: control-plane, workers',
    ],
  ] as const) {
    const ran = await coordinator(...argv);
    expect(ran).toMatchObject({ code: 4, out: '' });
    expect(ran.err).toContain(sentence);
  }
});

test('what needs a control plane is refused with code 3 while there is none', async () => {
  for (const command of ['kubeconfig', 'smoke-test']) {
    const ran = await coordinator(command);
    expect(ran).toEqual({
      code: 3,
      out: '',
      err: 'error: cluster lab has no control plane yet: `coordinator explain` says what it waits for\n',
    });
  }
});

test('waiting too long ends with code 124 and says what is missing', async () => {
  const ran = await coordinator('wait', '--for', 'ready=2', '--timeout', '1s');
  expect(ran).toMatchObject({ code: 124, out: '' });
  expect(ran.err).toContain('waited 1s for ready=2: 0 of 2 nodes ready');
});

test('join material goes to stdout, how long it is good for to stderr', async () => {
  const ran = await coordinator('join-material', '--pool', 'control-plane', '--format', 'shell');
  expect(ran.code).toBe(0);
  expect(ran.out.startsWith('#!/bin/sh\n')).toBe(true);
  expect(ran.out).toContain('ExecStart=/usr/local/bin/muster-agent run');
  expect(ran.err).toMatch(
    /^token mt\w+ for 3 hosts, usable for 1h; keep what was printed as secret as the token\n$/,
  );
});

test('get -w shows what changes, and a stop ends it with code 130', async () => {
  const env = { ...process.env, MUSTER_DATA: join(directory, 'data') };
  const child = spawn(process.execPath, [main, 'get', 'tokens', '-w', '-o', 'name'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await expect.poll(() => text).toContain('token/');
  const { err } = await coordinator('token', 'create', '--pool', 'workers');
  const id = /token (mt\w+)/.exec(err)?.[1] ?? 'none';
  await expect.poll(() => text).toContain(`token/${id}`);
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  child.kill('SIGINT');
  expect(await ended).toBe(130);
});

test('the coordinator stops on SIGTERM with code 0; killed, it starts again on what it stored', async () => {
  await coordinator('apply', '-f', 'cluster.yaml');
  await coordinator('token', 'create', '--pool', 'workers');
  const stored = async (): Promise<string> => (await coordinator('get', 'clusters')).out;
  await expect.poll(stored).toContain('17/17 complete');
  const before = (await coordinator('get', 'tokens', '-o', 'name')).out;
  expect(await stopServer('SIGTERM')).toBe(0);
  const away = await coordinator('get', 'nodes');
  expect(away).toMatchObject({ code: 5, out: '' });
  expect(away.err).toContain('start it with: coordinator serve --data');
  await startServer();
  await stopServer('SIGKILL');
  expect(await coordinator('get', 'nodes')).toMatchObject({ code: 5 });
  // As if it had been killed in the middle of a pull.
  const store = join(directory, 'data', 'artifacts', 'sha256');
  const [missing = ''] = await readdir(store);
  await rm(join(store, missing));
  await startServer();
  await expect.poll(() => readdir(store)).toContain(missing);
  expect((await coordinator('get', 'tokens', '-o', 'name')).out).toBe(before);
  expect(await coordinator('apply', '-f', 'cluster.yaml')).toMatchObject({
    out: 'cluster/lab unchanged\n',
  });
});
