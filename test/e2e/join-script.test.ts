// Join material for real: the script run by sh against a coordinator's own https server, with the
// host's files below a directory of the test and a systemctl that writes down what it is told.
import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startTestCoordinator, type TestCoordinator } from '../support/coordinator.ts';

const architecture = arch() === 'arm64' ? 'arm64' : 'amd64';
const call = { timeoutMs: 20_000 };
let coordinator: TestCoordinator;
let folder = '';
let agentFile = '';
let root = '';
let log = '';
/** Every sync and every rename, in order. */
let writes = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-join-'));
  agentFile = join(folder, 'agent');
  await writeFile(agentFile, 'the agent');
  coordinator = await startTestCoordinator({
    agentBinaries: { [architecture]: agentFile },
    // The first address is dead: the second has to serve.
    addresses: ['127.0.0.9', '127.0.0.1'],
  });
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'systemctl'), '#!/bin/sh\necho "$*" >>"$SYSTEMCTL_LOG"\n');
  await writeFile(join(bin, 'id'), '#!/bin/sh\nprintf "%s\\n" "$FAKE_UID"\n');
  // Both do what they are for, and are written down between the calls of systemctl.
  for (const tool of ['sync', 'mv']) {
    const real = `PATH=\${PATH#*:} ${tool} "$@"`;
    const text = `#!/bin/sh\n[ "$BROKEN" != ${tool} ] || exit 1\necho "${tool} $*" >>"$WRITES_LOG"\n${real}\n`;
    await writeFile(join(bin, tool), text);
  }
  for (const tool of ['systemctl', 'id', 'sync', 'mv']) await chmod(join(bin, tool), 0o755);
});

afterAll(async () => {
  await coordinator.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  root = await mkdtemp(join(folder, 'root-'));
  log = join(root, 'systemctl.log');
  await writeFile(log, '');
  writes = join(folder, 'writes.log');
  await writeFile(writes, '');
  await writeFile(agentFile, 'the agent');
});

async function material(format: 'shell' | 'cloud-init' = 'shell'): Promise<string> {
  const token = { pool: 'workers' };
  return (await coordinator.operator.JoinMaterial({ token, format }, call)).text;
}

interface Ran {
  readonly code: number;
  readonly output: string;
}

async function run(
  script: string,
  env: Record<string, string> = {},
  runner: readonly string[] = ['sh'],
): Promise<Ran> {
  const path = join(root, 'join.sh');
  await writeFile(path, script);
  const [program = 'sh', ...before] = runner;
  const settings = {
    FAKE_UID: '0',
    MUSTER_ROOT: root,
    MUSTER_JOIN_ROUNDS: '1',
    SYSTEMCTL_LOG: log,
    WRITES_LOG: writes,
    BROKEN: '',
  };
  const options = { env: { PATH: `${folder}/bin:${process.env['PATH']}`, ...settings, ...env } };
  return await new Promise((resolve) => {
    execFile(program, [...before, path], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

const tokenIn = (text: string): string => /mt[a-z0-9]{10}\.[A-Za-z0-9_.-]+/.exec(text)?.[0] ?? '';
const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
const modeOf = async (path: string): Promise<string> =>
  ((await stat(join(root, path))).mode & 0o777).toString(8);
const calls = async (): Promise<string[]> =>
  (await readFile(log, 'utf8'))
    .trim()
    .split('\n')
    .filter((line) => line !== '');
/** Everything the script may have left, the test's own files aside. */
async function leftovers(): Promise<string[]> {
  const files = await readdir(root, { recursive: true, withFileTypes: true });
  const names = files.filter((entry) => entry.isFile()).map((entry) => entry.name);
  return names.filter((name) => name !== 'join.sh' && name !== 'systemctl.log');
}

test('installs the agent, its configuration and the token, and starts it', async () => {
  const script = await material();
  const ran = await run(script);
  expect(ran).toMatchObject({ code: 0 });
  expect(await read('usr/local/bin/muster-agent')).toBe('the agent');
  expect(await modeOf('usr/local/bin/muster-agent')).toBe('755');
  expect(await read('etc/muster/ca.crt')).toBe(`${coordinator.caPem.trim()}\n`);
  expect(JSON.parse(await read('etc/muster/agent.json'))).toEqual({
    coordinators: [`127.0.0.9:${coordinator.grpcPort}`, `127.0.0.1:${coordinator.grpcPort}`],
    artifacts: [
      `https://127.0.0.9:${coordinator.httpsPort}`,
      `https://127.0.0.1:${coordinator.httpsPort}`,
    ],
  });
  expect((await read('etc/muster/join-token')).trim()).toBe(tokenIn(script));
  expect(await modeOf('etc/muster/join-token')).toBe('600');
  expect(await calls()).toEqual([
    'daemon-reload',
    'enable --quiet muster-agent.service',
    'restart muster-agent.service',
  ]);
  // Nobody sees the token: not in what it says, not in what it calls.
  expect(ran.output).not.toContain(tokenIn(script));
  expect(await readFile(log, 'utf8')).not.toContain(tokenIn(script));
  expect((await leftovers()).sort()).toEqual([
    'agent.json',
    'ca.crt',
    'join-token',
    'muster-agent',
    'muster-agent.service',
  ]);
});

test('run a second time, after the join, it changes nothing and fetches nothing', async () => {
  const script = await material();
  await run(script);
  await rm(join(root, 'etc/muster/join-token'));
  await mkdir(join(root, 'var/lib/muster-agent/identity'), { recursive: true });
  await writeFile(join(root, 'var/lib/muster-agent/identity/identity.json'), '{}');
  await writeFile(log, '');
  // An agent that would be refused proves that none is fetched.
  await writeFile(agentFile, 'another');
  const ran = await run(script);
  expect(ran).toEqual({
    code: 0,
    output: 'muster: the agent is installed and runs already: nothing to do\n',
  });
  expect(await calls()).toEqual(['is-active --quiet muster-agent.service']);
  await expect(stat(join(root, 'etc/muster/join-token'))).rejects.toThrow('ENOENT');
});

test('an agent with another checksum is refused and nothing is installed', async () => {
  const script = await material();
  await writeFile(agentFile, 'something else');
  const ran = await run(script, { MUSTER_JOIN_ROUNDS: '3' });
  expect(ran.code).toBe(1);
  expect(ran.output).toMatch(
    /the agent from https:\/\/127\.0\.0\.1:\d+ has sha256 [0-9a-f]{64}, expected [0-9a-f]{64}: nothing was installed/,
  );
  expect(await leftovers()).toEqual([]);
  expect(await calls()).toEqual([]);
});

test('a server that the fleet CA does not vouch for is not believed', async () => {
  const other = await startTestCoordinator({ agentBinaries: { [architecture]: agentFile } });
  try {
    const script = (await material()).replaceAll(
      `127.0.0.1:${coordinator.httpsPort}`,
      `127.0.0.1:${other.httpsPort}`,
    );
    const ran = await run(script);
    expect(ran.code).toBe(1);
    expect(ran.output).toMatch(/certificate/);
    expect(ran.output).toContain('the coordinator was not reached at: https://127.0.0.9:');
    expect(await leftovers()).toEqual([]);
  } finally {
    await other.stop();
  }
});

test.runIf(process.getuid?.() === 0)(
  'nor is one that an authority of the system vouches for',
  async () => {
    const other = await startTestCoordinator({ agentBinaries: { [architecture]: agentFile } });
    try {
      const trusted = await mkdtemp(join(folder, 'certs-'));
      const pem = join(trusted, 'ca.pem');
      await writeFile(pem, other.caPem);
      const name = execFileSync('openssl', ['x509', '-hash', '-noout', '-in', pem], {
        encoding: 'utf8',
      });
      await writeFile(join(trusted, `${name.trim()}.0`), other.caPem);
      const script = (await material()).replaceAll(
        `127.0.0.1:${coordinator.httpsPort}`,
        `127.0.0.1:${other.httpsPort}`,
      );
      const place = `mount --bind ${trusted} /etc/ssl/certs && exec sh "$1"`;
      const ran = await run(script, {}, ['unshare', '--mount', 'sh', '-c', place, 'sh']);
      expect(ran.output).toMatch(/no agent from https:\/\/127\.0\.0\.1:\d+ yet: .*certificate/);
      expect(ran.code).toBe(1);
      expect(await leftovers()).toEqual([]);
    } finally {
      await other.stop();
    }
  },
);

/** What became of `path` below the root, as the calls say: each file's sync, rename and folder. */
async function writesOf(path: string): Promise<string[]> {
  const target = join(root, path);
  const lines = (await readFile(writes, 'utf8')).trim().split('\n');
  const at = lines.findIndex((line) => line.startsWith('mv ') && line.endsWith(` ${target}`));
  const from = lines[at]?.split(' ').at(-2) ?? '';
  const around = [lines.slice(0, at), lines.slice(at + 1)] as const;
  return [
    around[0].includes(`sync ${from}`) ? 'file synced' : 'file not synced',
    at < 0 ? 'not renamed' : dirname(from) === dirname(target) ? 'renamed' : 'copied',
    around[1].includes(`sync ${dirname(target)}`) ? 'folder synced' : 'folder not synced',
  ];
}

test('what is in place survives a power cut: each file is on the disk before its name is', async () => {
  await run(await material());
  const files = [
    'usr/local/bin/muster-agent',
    'etc/muster/ca.crt',
    'etc/muster/agent.json',
    'etc/muster/join-token',
    'etc/systemd/system/muster-agent.service',
  ];
  for (const file of files) {
    expect([file, ...(await writesOf(file))]).toEqual([
      file,
      'file synced',
      'renamed',
      'folder synced',
    ]);
  }
});

test('a disk that does not take a file leaves the old one in place', async () => {
  const ran = await run(await material(), { BROKEN: 'sync' });
  expect(ran.code).not.toBe(0);
  expect(await leftovers()).toEqual([]);
  expect(await calls()).toEqual([]);
});

test('half an agent, as a power cut leaves it, is replaced when the script is run again', async () => {
  const script = await material();
  await run(script);
  await writeFile(join(root, 'usr/local/bin/muster-agent'), 'the ag');
  await writeFile(log, '');
  expect(await run(script)).toMatchObject({ code: 0 });
  expect(await read('usr/local/bin/muster-agent')).toBe('the agent');
  expect(await calls()).toContain('restart muster-agent.service');
});

test('what an earlier run left is put on the disk too', async () => {
  const script = await material();
  await run(script);
  await writeFile(writes, '');
  await run(script);
  const lines = (await readFile(writes, 'utf8')).trim().split('\n');
  for (const file of ['usr/local/bin/muster-agent', 'etc/muster/ca.crt']) {
    expect(lines).toContain(`sync ${join(root, file)}`);
    expect(lines).toContain(`sync ${dirname(join(root, file))}`);
  }
});

test('a coordinator that is not there is named with what to check', async () => {
  const script = (await material()).replaceAll(`:${coordinator.httpsPort}`, ':1');
  const ran = await run(script);
  expect(ran.code).toBe(1);
  expect(ran.output).toContain('Check that it runs (coordinator serve)');
  expect(await leftovers()).toEqual([]);
});

test('who is not root, and a host without an agent of its kind, are told so first', async () => {
  const script = await material();
  expect(await run(script, { FAKE_UID: '1000' })).toEqual({
    code: 1,
    output: 'muster: run this script as root (sudo sh join.sh)\n',
  });
  const foreign = script.replace(/^sum_(amd64|arm64)=.*$/gm, "sum_$1=''");
  expect((await run(foreign)).output).toContain('the coordinator has no agent for');
  expect(await leftovers()).toEqual([]);
});

test('cloud-init user-data carries the same script, safely quoted', async () => {
  const text = await material('cloud-init');
  expect(text.startsWith('#cloud-config\n')).toBe(true);
  const data = parse(text) as {
    write_files: { path: string; permissions: string; content: string }[];
    runcmd: string[][];
  };
  const [file] = data.write_files;
  expect(file).toMatchObject({ path: '/run/muster-join.sh', permissions: '0700' });
  expect(data.runcmd).toEqual([
    ['sh', '/run/muster-join.sh'],
    ['rm', '-f', '/run/muster-join.sh'],
  ]);
  const script = file?.content ?? '';
  const shell = await material();
  expect(script.replace(tokenIn(script), '')).toBe(shell.replace(tokenIn(shell), ''));
  expect(await run(script)).toMatchObject({ code: 0 });
});
