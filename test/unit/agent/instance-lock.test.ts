import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockInstance } from '../../../agent/instance-lock.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-lock-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const module = join(import.meta.dirname, '../../../agent/instance-lock.ts');

/** A process that takes the lock, says how it went, and stays. */
function anAgent(): { readonly child: ChildProcess; readonly said: Promise<string> } {
  const script = `
    const { lockInstance } = await import(${JSON.stringify(module)});
    const said = await lockInstance(${JSON.stringify(folder)}).then(() => 'held', ({ code }) => code);
    process.stdout.write(said);
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = once(child.stdout as NodeJS.ReadableStream, 'data').then(([text]) => String(text));
  return { child, said };
}

async function kill({ child }: { readonly child: ChildProcess }): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

test('a second agent on the same folder is refused, and let in when the first is gone', async () => {
  const first = await lockInstance(folder);
  await expect(lockInstance(folder)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('already works'),
  });
  first.release();
  (await lockInstance(folder)).release();
});

test('an agent that was killed leaves no lock behind', async () => {
  const agent = anAgent();
  expect(await agent.said).toBe('held');
  await expect(lockInstance(folder)).rejects.toMatchObject({ code: 'conflict' });
  await kill(agent);
  (await lockInstance(folder)).release();
});

test('of many agents that start at once one gets the lock', async () => {
  const agents = Array.from({ length: 6 }, anAgent);
  const said = await Promise.all(agents.map((agent) => agent.said));
  await Promise.all(agents.map(kill));
  expect(said.toSorted()).toEqual([...Array<string>(5).fill('conflict'), 'held']);
});

test('a socket that any user of the host can listen on is not in the way', async () => {
  const { dev, ino } = await stat(folder);
  const stranger = createServer();
  stranger.listen(`\0muster-agent-${dev}-${ino}`);
  await once(stranger, 'listening');
  try {
    (await lockInstance(folder)).release();
  } finally {
    stranger.close();
  }
});

test('what a power cut left in the file does not matter, and root alone may read it', async () => {
  await writeFile(join(folder, 'lock'), 'half of something', { mode: 0o600 });
  const lock = await lockInstance(folder);
  expect((await stat(join(folder, 'lock'))).mode & 0o777).toBe(0o600);
  lock.release();
  expect(await readFile(join(folder, 'lock'), 'utf8')).toBe('half of something');
});

test('folders do not lock each other', async () => {
  const other = await mkdtemp(join(tmpdir(), 'muster-lock-'));
  const locks = [await lockInstance(folder), await lockInstance(other)];
  for (const { release } of locks) release();
  await rm(other, { recursive: true });
});
