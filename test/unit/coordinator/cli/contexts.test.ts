// Contexts of the command line: which coordinator is meant, and a certificate that is renewed while it
// is used.
import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseAddress } from '../../../../coordinator/cli/commands/login.ts';
import { type Context, isRenewalDue } from '../../../../coordinator/cli/contexts/context.ts';
import { openContextFolder } from '../../../../coordinator/cli/contexts/context-folder.ts';
import { runCli } from '../../../../coordinator/cli/program.ts';
import { findTarget } from '../../../../coordinator/cli/target.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';
import { failureOf } from '../../../support/expected-failure.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { logIn } from '../../../support/test-operator.ts';
import type { Ran } from './cli-world.ts';

const day = 86_400_000;

async function cliLater(
  argv: readonly string[],
  env: Record<string, string>,
  ms: number,
): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await runCli(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isTerminal: false,
    env,
    signal: new AbortController().signal,
    clock: { ...systemClock, now: () => Date.now() + ms },
    cwd: '/',
  });
  return { code, out, err };
}

const context = (name: string, change: Partial<Context> = {}): Context => ({
  schema: 'muster/context/v1',
  name,
  address: '127.0.0.1:1',
  fleet: 'f1',
  operator: 'ann',
  role: 'viewer',
  caPem: 'ca',
  certificatePem: 'certificate',
  keyPem: 'key',
  ...change,
});

async function coordinatorFor(): Promise<TestCoordinator> {
  const coordinator = await startTestCoordinator();
  onTestFinished(() => coordinator.stop());
  return coordinator;
}

test.each([
  [0, false],
  [9.9, false],
  [10, true],
  [31, true],
])('%d days into a month a certificate is due for renewal: %s', (days, isDue) => {
  expect(isRenewalDue({ beganMs: 0, endsMs: 30 * day }, days * day)).toBe(isDue);
});

test('any command renews a certificate that is due, and the file has the new one with the same key', async () => {
  const coordinator = await coordinatorFor();
  const ann = await logIn(coordinator, 'ann', 'viewer');
  ann.close();
  const env = { MUSTER_CONFIG: await temporaryDirectory() };
  const folder = openContextFolder({ env });
  const before = context('lab', {
    address: `127.0.0.1:${coordinator.grpcPort}`,
    caPem: coordinator.caPem,
    certificatePem: ann.chainPem,
    keyPem: ann.keys.key.export({ format: 'pem', type: 'pkcs8' }).toString(),
  });
  await folder.write(before);
  const argv = ['get', 'operators', '--context', 'lab'];
  expect(await cliLater(argv, env, 9 * day)).toMatchObject({ code: 0, err: '' });
  expect((await folder.read('lab')).certificatePem).toBe(before.certificatePem);
  expect(await cliLater(argv, env, 11 * day)).toMatchObject({ code: 0, err: '' });
  const after = await folder.read('lab');
  expect(after.keyPem).toBe(before.keyPem);
  const serial = (pem: string): string => new X509Certificate(pem).serialNumber;
  expect(serial(after.certificatePem)).not.toBe(serial(before.certificatePem));
  expect((await coordinator.audit()).at(-1)).toMatchObject({
    event: 'operator-renewed',
    operator: 'ann',
  });
  // Revoked: the command says so, and the file stays as it is.
  await coordinator.operator.RevokeOperator({ name: 'ann' }, { timeoutMs: 30_000 });
  const ran = await cliLater(argv, env, 40 * day);
  expect([ran.code, ran.out]).toEqual([3, '']);
  expect(ran.err).toContain('operator ann was revoked');
  expect((await folder.read('lab')).certificatePem).toBe(after.certificatePem);
});

test('what is named comes first; a context in use comes where nothing is', async () => {
  const env = { MUSTER_CONFIG: await temporaryDirectory() };
  const folder = openContextFolder({ env });
  await folder.write(context('lab'));
  await folder.write(context('prod'));
  await folder.use('lab');
  const meant = async (options: object, more: Record<string, string> = {}): Promise<string> => {
    const dataDir = more['MUSTER_DATA'] ?? '/nowhere';
    const target = await findTarget({ ...options, dataDir }, { env: { ...env, ...more } });
    return target.kind === 'socket' ? target.path : target.context.name;
  };
  expect(await meant({})).toBe('lab');
  expect(await meant({ context: 'prod' })).toBe('prod');
  expect(await meant({}, { MUSTER_CONTEXT: 'prod' })).toBe('prod');
  expect(await meant({}, { MUSTER_DATA: '/d' })).toBe('/d/coordinator.sock');
  expect(await meant({}, { MUSTER_SOCKET: '/s' })).toBe('/s');
  expect(await meant({}, { MUSTER_SOCKET: '/s', MUSTER_CONTEXT: 'prod' })).toBe('prod');
  expect(await meant({ context: 'local' }, { MUSTER_SOCKET: '/s' })).toBe('/s');
  expect(await meant({ socket: '/t' }, { MUSTER_CONTEXT: 'prod' })).toBe('/t');
  expect((await failureOf(meant({ context: 'prod', data: '/d' }))).code).toBe('usage');
  expect((await failureOf(meant({ context: 'gone' }))).code).toBe('not-found');
  await folder.remove('lab');
  expect(await meant({})).toBe('/nowhere/coordinator.sock');
});

test.each(['../x', 'A', '', 'a/b', '.', 'local.', 'a\u001b'])(
  'a context %j is no name of a file',
  async (name) => {
    const folder = openContextFolder({ env: { MUSTER_CONFIG: await temporaryDirectory() } });
    expect((await failureOf(folder.read(name))).code).toBe('usage');
    expect((await failureOf(folder.write(context(name)))).code).toBe('usage');
  },
);

test('a context that others may read, or that is none, is not used', async () => {
  const directory = join(await temporaryDirectory(), 'config');
  const folder = openContextFolder({ env: { MUSTER_CONFIG: directory } });
  await folder.write(context('lab'));
  const path = join(directory, 'lab.json');
  await chmod(path, 0o640);
  expect((await failureOf(folder.read('lab'))).message).toContain(`chmod 600 ${path}`);
  await chmod(path, 0o600);
  for (const text of ['', '{', '[]', 'null', '{"schema":"muster/context/v1"}']) {
    await writeFile(path, text);
    expect((await failureOf(folder.read('lab'))).code).toBe('invalid');
  }
  await mkdir(directory, { recursive: true });
  expect(await readFile(path, 'utf8')).toContain('muster');
});

test.each([
  ['c.example', 'c.example:7443'],
  ['c.example:443', 'c.example:443'],
  ['192.0.2.1', '192.0.2.1:7443'],
  ['2001:db8::1', '[2001:db8::1]:7443'],
  ['[2001:db8::1]:443', '[2001:db8::1]:443'],
  ['[2001:db8::1]', '[2001:db8::1]:7443'],
])('the address %s is %s', (given, address) => {
  expect(parseAddress(given)).toBe(address);
});

test.each(['', ':7443', 'https://c', 'a b', 'c:0', 'c:99999', '[c]:1', 'c\n', '-x', 'unix:/x'])(
  'the address %j is none',
  async (given) => {
    expect((await failureOf(Promise.resolve().then(() => parseAddress(given)))).code).toBe('usage');
  },
);
