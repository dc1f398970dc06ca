import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { anonymousFrom, ownProcess } from '../../../../agent/host/own-process.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

test('reads what only this process has in memory', async () => {
  expect(anonymousFrom('VmRSS:\t  159000 kB\nRssAnon:\t  103000 kB\nRssFile:\t 1 kB\n')).toBe(
    103_000 * 1024,
  );
  expect(() => anonymousFrom('VmRSS:\t 1 kB\n')).toThrow(/no RssAnon/);
  expect(await ownProcess({}).anonymousBytes()).toBeGreaterThan(1024 * 1024);
});

test('a collection gives the pages of garbage back', async () => {
  const script = join(await temporaryDirectory(), 'program.ts');
  const module = join(import.meta.dirname, '../../../../agent/host/own-process.ts');
  await writeFile(
    script,
    `import { ownProcess } from ${JSON.stringify(module)};
const own = ownProcess({});
const megabytes = async () => (await own.anonymousBytes()) / 1048576;
const heap = { held: Array.from({ length: 400_000 }, (_, index) => ({ name: String(index) })) };
const before = await megabytes();
heap.held = [];
own.collect();
console.log(before - (await megabytes()), typeof globalThis.gc);
`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  const [given, exposed] = stdout.trim().split(' ');
  expect(Number(given)).toBeGreaterThan(15);
  expect(exposed).toBe('undefined');
});

test.each([
  ['nothing', undefined, null],
  ['a time', '123456', 123_456],
  ['something else', '1e9', null],
])('takes from its environment when it started again: %s', (_what, value, expected) => {
  const environment = value === undefined ? {} : { MUSTER_AGENT_STARTED_AGAIN_MS: value };
  expect(ownProcess(environment).startedAgainBootMs).toBe(expected);
});

test('a process that starts again keeps its number and its arguments', async () => {
  const script = join(await temporaryDirectory(), 'program.ts');
  const module = join(import.meta.dirname, '../../../../agent/host/own-process.ts');
  await writeFile(
    script,
    `import { becomeNewProcess, ownProcess } from ${JSON.stringify(module)};
console.log(JSON.stringify([process.pid, ...process.argv.slice(2)]));
if (ownProcess(process.env).startedAgainBootMs === null) becomeNewProcess(42.4);
console.log(ownProcess(process.env).startedAgainBootMs);
`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [script, 'run', '--state-dir']);
  const [first, second, since] = stdout.trim().split('\n');
  expect(second).toBe(first);
  expect(first).toMatch(/^\[\d+,"run","--state-dir"\]$/);
  expect(since).toBe('42');
});
