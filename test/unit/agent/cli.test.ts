import { expect, test } from 'vitest';
import { exitCodeOf, parseCommand } from '../../../agent/cli.ts';
import { AGENT_VERSION } from '../../../agent/version.ts';
import description from '../../../package.json' with { type: 'json' };

test.each([
  [['run'], { kind: 'run' }],
  [
    ['run', '--state-dir', '/s', '--config-dir', '/c'],
    { kind: 'run', stateDirectory: '/s', configDirectory: '/c' },
  ],
  [['facts'], { kind: 'facts', output: 'text' }],
  [['facts', '-o', 'json'], { kind: 'facts', output: 'json' }],
  [['plan', 'verify', 'f'], { kind: 'plan-verify', file: 'f' }],
  [['journal', 'show'], { kind: 'journal-show' }],
  [['journal', 'go-on'], { kind: 'journal-go-on', isConfirmed: false }],
  [['journal', 'go-on', '--yes'], { kind: 'journal-go-on', isConfirmed: true }],
  [['version'], { kind: 'version' }],
  [['--version'], { kind: 'version' }],
  [['--help'], { kind: 'help' }],
  [
    ['join', '--token-file', 'f', '--coordinator', 'a:1', '--coordinator', 'b:2', '--name', 'n'],
    { kind: 'join', tokenFile: 'f', coordinators: ['a:1', 'b:2'], nodeName: 'n' },
  ],
])('%j is understood', (argv, command) => {
  expect(parseCommand(argv)).toMatchObject(command);
});

test.each([
  [[]],
  [['dance']],
  [['run', 'now']],
  [['join']],
  [['join', '--token', 'secret']],
  [['join', '--token-file', 'f', '--coordinator', 'nowhere']],
  [['plan']],
  [['plan', 'verify']],
  [['facts', '-o', 'yaml']],
  [['journal']],
  [['journal', 'erase']],
  [['journal', 'show', 'all']],
])('%j is a usage error', (argv) => {
  expect(() => parseCommand(argv)).toThrow(expect.objectContaining({ code: 'usage' }));
});

test('a token has no place on the command line', () => {
  const token = `mt${'a'.repeat(10)}.${'b'.repeat(43)}.${'c'.repeat(43)}.${'d'.repeat(43)}`;
  expect(() => parseCommand(['join', token])).toThrow();
});

test('exit codes are those of the contract', () => {
  expect(
    ['usage', 'refused', 'not-found', 'unavailable', 'conflict', 'timeout', 'internal'].map(
      (code) => exitCodeOf(code as 'usage'),
    ),
  ).toEqual([2, 3, 4, 5, 6, 124, 1]);
});

test('the agent’s version is the package’s', () => {
  expect(AGENT_VERSION).toBe(description.version);
});
