import { expect, test } from 'vitest';
import { UsageError } from '../../lab/caller-error.ts';
import { runStart, type StartOptions } from '../../lab/commands/start-options.ts';
import { aTerminal } from '../../support/terminal.ts';

async function start(
  line: string,
  work: () => Promise<void> = async () => {},
): Promise<{ code: number; options: StartOptions | null; out: string; err: string }> {
  let options: StartOptions | null = null;
  const io = aTerminal();
  const argv = line.split(' ').filter(Boolean);
  const run = async (given: StartOptions): Promise<void> => {
    options = given;
    await work();
  };
  const code = await runStart(argv, run, io);
  return { code, options, out: io.told('out'), err: io.told('err') };
}

test.each([
  ['', { lab: 'demo', hosts: { masters: 3, workers: 2 } }],
  ['--hosts cp=1,worker=1 --lab two', { lab: 'two', hosts: { masters: 1, workers: 1 } }],
  ['--hosts cp=5', { lab: 'demo', hosts: { masters: 5, workers: 0 } }],
  [
    '--kubernetes v1.36.4 --artifacts built',
    {
      lab: 'demo',
      hosts: { masters: 3, workers: 2 },
      kubernetes: 'v1.36.4',
      artifacts: 'built',
    },
  ],
])('npm start -- %s', async (line, options) => {
  expect(await start(line)).toEqual({ code: 0, options, out: '', err: '' });
});

test.each([
  ['--hosts cp=2', 'etcd lives on the cp hosts, so 1, 3 or 5 of them.'],
  ['--hosts three', 'Write it like cp=3,worker=2.'],
  ['--artifacts found', 'Allowed choices are built, official.'],
  ['--host cp=1', "unknown option '--host'\n(Did you mean --hosts?)"],
  ['again', 'too many arguments'],
])('npm start -- %s is a usage error', async (line, said) => {
  const { code, options, err } = await start(line);
  expect({ code, options }).toEqual({ code: 2, options: null });
  expect(err).toContain(said);
});

test('help says which versions of Kubernetes can be built', async () => {
  const { code, out } = await start('--help');
  expect(code).toBe(0);
  expect(out).toContain('built here: v1.37.1 or v1.36.4');
});

test('what nobody can mean ends with 2, what failed with 1, both in words', async () => {
  const cannot = await start('', () => Promise.reject(new UsageError('needs root')));
  expect(cannot).toMatchObject({ code: 2, err: 'needs root\n' });
  const failed = await start('', () => Promise.reject(new Error('w1 is held')));
  expect(failed).toMatchObject({ code: 1, err: 'w1 is held\n' });
});
