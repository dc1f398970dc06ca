import { lstat, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createNodeHost } from '../../../../agent/host/node-host.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { hostContract } from '../../../contracts/host.contract.ts';

const host = createNodeHost({ log: silentLogger });
const roots: string[] = [];

async function open() {
  const root = await mkdtemp(join(tmpdir(), 'muster-host-'));
  roots.push(root);
  return { host, root, teach: () => {} };
}

afterAll(async () => {
  for (const root of roots) await rm(root, { recursive: true, force: true });
});

hostContract(open);

test('modes hold whatever the umask of the agent is', async () => {
  const { root } = await open();
  const before = process.umask(0o077);
  try {
    await host.writeFile(`${root}/open/deep/file`, '', 0o644);
    await host.writeFile(`${root}/private/deep/file`, '', 0o600);
  } finally {
    process.umask(before);
  }
  const modeOf = async (path: string) => (await stat(`${root}/${path}`)).mode & 0o777;
  expect(await modeOf('open')).toBe(0o755);
  expect(await modeOf('open/deep')).toBe(0o755);
  expect(await modeOf('open/deep/file')).toBe(0o644);
  expect(await modeOf('private/deep')).toBe(0o700);
  expect(await modeOf('private')).toBe(0o700);
});

test('leaves no temporary file behind when a directory is in the way', async () => {
  const { root } = await open();
  await mkdir(`${root}/taken`);
  await expect(host.writeFile(`${root}/taken`, 'x', 0o644)).rejects.toMatchObject({
    code: 'conflict',
  });
  expect(await readdir(root)).toEqual(['taken']);
});

test('dates an installed file at its installation', async () => {
  const { root } = await open();
  await host.writeFile(`${root}/artifact`, 'x', 0o600);
  const { utimes } = await import('node:fs/promises');
  await utimes(`${root}/artifact`, 1, 1);
  const before = Date.now();
  await host.installFile(`${root}/artifact`, `${root}/tool`, 0o755);
  expect((await lstat(`${root}/tool`)).mtimeMs).toBeGreaterThanOrEqual(before - 1);
});

test('a command gets a clean environment, our own programs first', async () => {
  process.env['MUSTER_TEST_SECRET'] = 'visible';
  const result = await host.read(['/usr/bin/env'], { env: { EXTRA: '1' } });
  delete process.env['MUSTER_TEST_SECRET'];
  expect(result.stdout).not.toContain('visible');
  expect(result.stdout).toContain('EXTRA=1');
  expect(result.stdout).toMatch(/^PATH=\/usr\/local\/sbin:\/usr\/local\/bin:/m);
});

test('a command gets its input and is stopped when it is late', async () => {
  expect((await host.read(['/bin/cat'], { stdin: 'hello' })).stdout).toBe('hello');
  const late = host.read(['/bin/sleep', '5'], { timeoutMs: 50 });
  await expect(late).rejects.toMatchObject({ code: 'timeout', message: /sleep 5.*50 ms/ });
});

test('keeps the end of what a command complains about', async () => {
  const result = await host.read(['/bin/sh', '-c', 'seq 1 40000 >&2']);
  expect(result.stderr.length).toBe(64 * 1024);
  expect(result.stderr.endsWith('40000\n')).toBe(true);
});
