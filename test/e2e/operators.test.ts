// Operators and the audit log with the real programs on the loopback: a coordinator on its host, and
// people elsewhere who have nothing but a login token.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

const main = join(import.meta.dirname, '../../coordinator/main.ts');
let directory = '';
let address = '';
let server: ChildProcess | null = null;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const data = (): string => join(directory, 'data');
/** The coordinator's own host. */
const onHost = (): NodeJS.ProcessEnv => ({ ...bare(), MUSTER_DATA: data() });
/** Another machine: nothing of the coordinator's is there. */
const of = (user: string): NodeJS.ProcessEnv => ({
  ...bare(),
  HOME: join(directory, 'home', user),
});

function bare(): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return { PATH, NO_COLOR: '1' };
}

async function run(env: NodeJS.ProcessEnv, ...argv: string[]): Promise<Ran> {
  return await new Promise((resolve) => {
    execFile(process.execPath, [main, ...argv], { env, cwd: directory }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

async function startServer(dataDir: string): Promise<{ child: ChildProcess; port: number }> {
  const ports = ['--grpc-port', '0', '--https-port', '0'];
  const argv = [main, 'serve', '--data', dataDir, '--listen', '127.0.0.1', ...ports];
  const child = spawn(process.execPath, argv, { env: bare(), stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await new Promise<number>((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /"grpcPort":(\d+).*coordinator serves/.exec(text);
      if (found !== null) resolve(Number(found[1]));
    });
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${text}`)));
  });
  return { child, port };
}

async function stopServer(): Promise<void> {
  const child = server;
  server = null;
  if (child === null) return;
  const ended = new Promise((resolve) => {
    child.removeAllListeners('exit').once('exit', resolve);
  });
  child.kill('SIGTERM');
  await ended;
}

async function tokenFor(name: string, ...flags: string[]): Promise<string> {
  const { out } = await run(onHost(), 'operator', 'add', name, ...flags);
  const file = join(directory, `${name}.token`);
  await writeFile(file, out, { mode: 0o600 });
  return file;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muster-operators-e2e-'));
  expect((await run(onHost(), 'init', '--address', '127.0.0.1')).code).toBe(0);
  await writeFile(join(directory, 'rubbish'), 'x\u001b[2J');
  const started = await startServer(data());
  server = started.child;
  address = `127.0.0.1:${started.port}`;
});

afterAll(async () => {
  server?.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

test('a viewer logs in with a token, once, and looks but changes nothing', async () => {
  const added = await run(onHost(), 'operator', 'add', 'vera');
  expect(added).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^ml\w{10}(\.[\w-]{43}){2}\n$/),
  });
  expect(added.err).toContain('login token of vera (viewer), usable once within 1h');
  expect(added.err).toContain(`coordinator login ${address} --token-file FILE`);
  await writeFile(join(directory, 'vera.token'), added.out);
  const vera = of('vera');
  const login = ['login', address, '--token-file', 'vera.token', '--context', 'lab'];
  const loggedIn = await run(vera, ...login);
  expect(loggedIn).toMatchObject({ code: 0, out: 'context/lab\n' });
  expect(loggedIn.err).toMatch(/as vera \(viewer\); the certificate is valid for (29|30)d/);
  const again = await run(vera, 'login', address, '--token-file', 'vera.token', '--context', 'b');
  expect(again).toMatchObject({ code: 3, out: '' });
  expect(again.err).toContain('the login token is not valid here');

  expect(await run(vera, 'get', 'nodes')).toMatchObject({ code: 0, err: 'no nodes\n' });
  expect((await run(vera, 'get', 'operators')).out).toMatch(/vera +viewer +active/);
  const changing = [
    ['token', 'create', '--pool', 'workers'],
    ['join-material', '--pool', 'workers'],
    ['kubeconfig'],
    ['retry'],
    ['operator', 'revoke', 'vera'],
    ['operator', 'add', 'eve'],
  ];
  await Promise.all(
    changing.map(async (argv) => {
      const ran = await run(vera, ...argv);
      expect([argv[0], ran.code, ran.out]).toEqual([argv[0], 3, '']);
      expect(ran.err).toMatch(/^error: vera is a viewer: \w+ is for /);
    }),
  );
});

test('the key stays in one file that nobody else may read', async () => {
  const folder = join(directory, 'home', 'vera', '.config', 'muster');
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await readdir(folder)).sort()).toEqual(['current', 'lab.json']);
  const file = join(folder, 'lab.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const { chmod } = await import('node:fs/promises');
  await chmod(file, 0o644);
  const ran = await run(of('vera'), 'get', 'nodes');
  await chmod(file, 0o600);
  expect(ran).toMatchObject({ code: 3, err: expect.stringContaining('chmod 600') });
  const secret = (JSON.parse(await readFile(file, 'utf8')) as { keyPem: string }).keyPem;
  expect(await readFile(join(data(), 'audit.log'), 'utf8')).not.toContain(secret.split('\n')[1]);
});

test('an admin does everything but let others in; its contexts are listed, chosen and forgotten', async () => {
  const ann = of('ann');
  await tokenFor('ann', '--role', 'admin');
  expect((await run(ann, 'login', address, '--token-file', 'ann.token')).out).toBe(
    'context/127.0.0.1\n',
  );
  // No cluster: past the guard.
  expect(await run(ann, 'token', 'create', '--pool', 'workers')).toMatchObject({ code: 4 });
  const added = await run(ann, 'operator', 'add', 'eve', '--role', 'admin');
  expect(added).toMatchObject({ code: 3, out: '' });
  expect(added.err).toContain("ann is an admin: AddOperator is for the coordinator's own host");
  const listed = await run(ann, 'context', 'list');
  expect(listed.out).toMatch(
    /^\*? +NAME.*\n\* +127\.0\.0\.1 +127\.0\.0\.1:\d+ +f\w{12} +ann +admin +ends in /,
  );
  expect(await run(ann, 'context', 'use', 'lba')).toMatchObject({ code: 4 });
  expect(await run(ann, 'get', 'nodes', '--context', 'lab')).toMatchObject({ code: 4 });
  expect(await run(ann, 'get', 'nodes', '--context', '127.0.0.1', '--data', '/x')).toMatchObject({
    code: 2,
  });
  expect(await run({ ...ann, MUSTER_CONTEXT: '127.0.0.1' }, 'get', 'nodes')).toMatchObject({
    code: 0,
  });
  expect(await run(ann, 'context', 'remove', '127.0.0.1')).toMatchObject({ code: 0 });
  expect(await run(ann, 'context', 'list')).toMatchObject({
    err: 'no contexts: `coordinator login ADDRESS` makes one\n',
  });
});

test('a token of another fleet is not sent', async () => {
  const other = join(directory, 'other');
  const elsewhere = { ...bare(), MUSTER_DATA: other };
  expect((await run(elsewhere, 'init', '--address', '127.0.0.1')).code).toBe(0);
  const { child } = await startServer(other);
  onTestFinished(() => void child.kill('SIGKILL'));
  const { out } = await run(elsewhere, 'operator', 'add', 'olga');
  await writeFile(join(directory, 'olga.token'), out);
  const ran = await run(of('olga'), 'login', address, '--token-file', 'olga.token');
  expect(ran).toMatchObject({ code: 3, out: '' });
  expect(ran.err).toContain('nothing was sent');
  const [id = 'none'] = out.split('.');
  expect(await readFile(join(data(), 'audit.log'), 'utf8')).not.toContain(id);
});

test.concurrent.each([
  ['no token', ['login', 'c.example'], 2, 'a login token is needed'],
  ['what is no token', ['login', 'c.example', '--token-file', 'rubbish'], 2, 'not a login token'],
  [
    'a file that is not there',
    ['login', 'c.example', '--token-file', 'x'],
    4,
    'there is no file x',
  ],
  ['what is no address', ['login', 'https://c', '--token-file', 'ann.token'], 2, 'not the address'],
  ['a name that is a path', ['context', 'use', '../x'], 2, 'a name of lower-case letters'],
])('%s is refused before anything is called', async (_what, argv, code, sentence) => {
  const ran = await run(of('nobody'), ...argv);
  expect([ran.code, ran.out]).toEqual([code, '']);
  expect(ran.err).toContain(sentence);
  expect(ran.err).not.toContain('\u001b');
});

test('a revoked operator’s watch ends at once, and its next call is refused with the way out', async () => {
  await tokenFor('walt');
  const walt = of('walt');
  await run(walt, 'login', address, '--token-file', 'walt.token');
  const child = spawn(process.execPath, [main, 'get', 'operators', '-w', '-o', 'name'], {
    env: walt,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  await expect.poll(() => out).toContain('operator/walt');
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  expect(await run(onHost(), 'operator', 'revoke', 'walt')).toMatchObject({
    code: 0,
    out: 'operator/walt revoked\n',
  });
  expect(await ended).toBe(3);
  expect(err).toContain('walt was revoked');
  const ran = await run(walt, 'get', 'nodes');
  expect(ran).toMatchObject({ code: 3, out: '' });
  expect(ran.err).toContain('operator walt was revoked');
  expect(ran.err).toContain('coordinator operator add walt');
  expect((await run(onHost(), 'operator', 'list')).out).toMatch(/walt +viewer +revoked/);
});

test('the audit log says who did it, and shows what was changed in it', async () => {
  const shown = await run(onHost(), 'audit', 'show', '--operator', 'vera');
  expect(shown.out).toMatch(/operator-login {2}operator vera/);
  // A line a minute of each caller; hers were made at once, so any of them may be the one.
  expect(shown.out).toMatch(
    /call-refused {2}operator vera .*method=\w+ {2}reason="vera is a viewer: \w+ is for /,
  );
  const whole = await run(onHost(), 'audit', 'verify');
  expect(whole).toMatchObject({ code: 0, err: '' });
  const [, seq = '0', digest = ''] = /^head (\d+):([0-9a-f]{64})$/m.exec(whole.out) ?? [];
  expect(whole.out).toMatch(/^the audit log is whole: \d+ lines, 1 to \d+, 2\d{3}-.* to 2\d{3}-/);
  expect(await run(onHost(), 'audit', 'verify', '--head', `${seq}:${digest}`)).toMatchObject({
    code: 0,
  });
  expect(await run(onHost(), 'audit', 'verify', '--head', `2:${digest}`)).toMatchObject({
    code: 1,
    err: expect.stringContaining('it is not the line that was remembered'),
  });

  await stopServer();
  const log = join(data(), 'audit.log');
  const copy = join(directory, 'copy.log');
  await cp(log, copy);
  const text = await readFile(log, 'utf8');
  await writeFile(log, text.replace('"operator":"vera"', '"operator":"eve"'));
  const broken = await run(onHost(), 'audit', 'verify');
  expect(broken).toMatchObject({ code: 1, out: '' });
  expect(broken.err).toMatch(
    /broken at line \d+: the line before it is not the one it was\nexpected [0-9a-f]{64}\nfound {4}[0-9a-f]{64}\n$/,
  );
  await writeFile(log, text.slice(0, text.trimEnd().lastIndexOf('\n') + 1));
  expect(await run(onHost(), 'audit', 'verify')).toMatchObject({
    code: 1,
    err: expect.stringContaining('the end of the log is missing'),
  });
  // A copy elsewhere has no head beside it.
  expect(await run(of('vera'), 'audit', 'verify', '--file', copy)).toMatchObject({ code: 0 });
  await appendFile(copy, '{"seq"');
  const torn = await run(of('vera'), 'audit', 'verify', '--file', copy);
  expect(torn).toMatchObject({ code: 0, err: expect.stringContaining('6 bytes of an unfinished') });
});
