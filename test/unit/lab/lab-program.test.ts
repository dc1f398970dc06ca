import { expect, test } from 'vitest';
import { type LabCommands, runLab } from '../../lab/commands/program.ts';
import { aTerminal } from '../../support/terminal.ts';

interface Ran {
  readonly code: number;
  readonly asked: readonly unknown[];
  readonly out: string;
  readonly err: string;
}

/** A lab that only says what it was asked for; kubectl ends with 7. */
async function lab(...argv: readonly string[]): Promise<Ran> {
  const asked: unknown[] = [];
  const io = aTerminal();
  const answer =
    (name: string, code = 0) =>
    async (...given: readonly unknown[]): Promise<number> => {
      asked.push(name, ...given);
      return code;
    };
  const commands: LabCommands = {
    status: answer('status'),
    exec: answer('exec'),
    logs: answer('logs'),
    add: answer('add'),
    change: answer('change'),
    kubectl: answer('kubectl', 7),
    coordinator: answer('coordinator'),
    down: answer('down'),
  };
  return {
    code: await runLab(argv, commands, io),
    asked,
    out: io.told('out'),
    err: io.told('err'),
  };
}

test.each([
  ['status', ['status', 'demo']],
  ['--lab other status', ['status', 'other']],
  ['status --lab other', ['status', 'other']],
  ['status --lab=other', ['status', 'other']],
  ['exec w1 -- ls -la --lab x', ['exec', 'demo', 'w1', ['ls', '-la', '--lab', 'x']]],
  ['exec w1 --lab other -- ls -la', ['exec', 'other', 'w1', ['ls', '-la']]],
  ['exec w1 hostname', ['exec', 'demo', 'w1', ['hostname']]],
  ['logs w1', ['logs', 'demo', 'w1', { more: [] }]],
  ['logs -f w1 -n 5', ['logs', 'demo', 'w1', { follow: true, lines: '5', more: [] }]],
  ['logs w1 -- --since -1h', ['logs', 'demo', 'w1', { more: ['--since', '-1h'] }]],
  ['add w3 --pool workers', ['add', 'demo', 'w3', { pool: 'workers' }]],
  ['add --pool workers w3 --lab other', ['add', 'other', 'w3', { pool: 'workers' }]],
  ['add v1 --pool workers --machine', ['add', 'demo', 'v1', { pool: 'workers', machine: true }]],
  ['stop m2 --lab other', ['change', 'other', 'm2', 'stop']],
  ['start m2', ['change', 'demo', 'm2', 'start']],
  ['cut m2', ['change', 'demo', 'm2', 'cut']],
  ['heal m2', ['change', 'demo', 'm2', 'heal']],
  ['down --lab other', ['down', 'other']],
])('%s', async (line, asked) => {
  expect(await lab(...line.split(' '))).toEqual({ code: 0, asked, out: '', err: '' });
});

test.each([
  ['coordinator explain', ['explain']],
  ['coordinator -h', ['-h']],
  ['coordinator get --help', ['get', '--help']],
  ['coordinator', []],
  ['coordinator apply -f - --lab x', ['apply', '-f', '-', '--lab', 'x']],
  ['coordinator -- get nodes', ['get', 'nodes']],
])('%s: every word behind the command is the coordinator’s', async (line, args) => {
  const ran = await lab(...line.split(' '));
  expect(ran).toEqual({ code: 0, asked: ['coordinator', 'demo', args], out: '', err: '' });
});

test.each([
  ['kubectl -n kube-system get pods -o json', ['-n', 'kube-system', 'get', 'pods', '-o', 'json']],
  ['kubectl --help', ['--help']],
  ['kubectl exec p -- ls -la', ['exec', 'p', '--', 'ls', '-la']],
])(
  '%s: every word behind the command is kubectl’s, and its exit code is ours',
  async (line, args) => {
    expect(await lab(...line.split(' '))).toMatchObject({
      code: 7,
      asked: ['kubectl', 'demo', args],
    });
  },
);

test('the lab of a program that is run is named before its words', async () => {
  const before = await lab('--lab', 'other', 'kubectl', 'get', 'pods');
  expect(before.asked).toEqual(['kubectl', 'other', ['get', 'pods']]);
  const behind = await lab('coordinator', '--lab', 'other', 'get', 'nodes', '-o', 'json');
  expect(behind.asked).toEqual(['coordinator', 'other', ['get', 'nodes', '-o', 'json']]);
});

test.each([
  ['', 'Usage: npm run lab --'],
  ['stauts', "unknown command 'stauts'\n(Did you mean status?)"],
  ['exec w1', "missing required argument 'program'"],
  ['exec w1 ls -la', "unknown option '-la'"],
  ['stop', "missing required argument 'host'"],
  ['stop m1 m2', 'too many arguments'],
  ['add w3', "required option '--pool <pool>' not specified"],
  ['status --lab', "option '--lab <name>' argument missing"],
])('"%s" is a usage error, said on stderr', async (line, said) => {
  const ran = await lab(...line.split(' ').filter(Boolean));
  expect(ran).toMatchObject({ code: 2, asked: [], out: '' });
  expect(ran.err).toContain(said);
});

test('help names every command, and is data', async () => {
  const { code, out, err } = await lab('--help');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  for (const name of [
    ...['status', 'exec', 'logs', 'add', 'stop', 'start', 'cut', 'heal'],
    ...['kubectl', 'coordinator', 'down'],
  ])
    expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect((await lab('add', '--help')).out).toContain('--pool <pool>');
  expect((await lab('help', 'logs')).out).toContain('--follow');
});
