// argv to a command, or a usage error. Parses only; main.ts and commands.ts do. Small enough by hand,
// so that no command-line library goes into the agent's file.
import { parseArgs } from 'node:util';
import { AppError, type ErrorCode } from '../shared/errors.ts';
import { isHostAndPort } from './config.ts';

interface CommonOptions {
  readonly configDirectory: string | undefined;
  readonly stateDirectory: string | undefined;
}

export type Command = CommonOptions &
  (
    | { readonly kind: 'run' }
    | {
        readonly kind: 'join';
        readonly tokenFile: string;
        readonly coordinators: readonly string[];
        readonly nodeName: string | null;
      }
    | { readonly kind: 'facts'; readonly output: 'text' | 'json' }
    | { readonly kind: 'plan-verify'; readonly file: string }
    | { readonly kind: 'journal-show' }
    | { readonly kind: 'journal-go-on'; readonly isConfirmed: boolean }
    | { readonly kind: 'version' }
    | { readonly kind: 'help' }
  );

export const usage = `muster-agent: the part of Muster that runs on every host

  muster-agent run                                   work: join if need be, then pull plans (what the unit runs)
  muster-agent join --token-file F|- [--coordinator HOST:PORT]... [--name NAME]
  muster-agent facts [-o json]                       what this host would report
  muster-agent plan verify FILE                      is FILE (a stored envelope) a plan for this host?
  muster-agent journal show                          what its journal says, and where it is damaged
  muster-agent journal go-on [--yes]                 set a damaged journal aside and begin a new one
  muster-agent version

  --config-dir DIR   default /etc/muster            --state-dir DIR   default /var/lib/muster-agent
`;

const options = {
  'token-file': { type: 'string' },
  coordinator: { type: 'string', multiple: true },
  name: { type: 'string' },
  yes: { type: 'boolean' },
  output: { type: 'string', short: 'o' },
  'config-dir': { type: 'string' },
  'state-dir': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** @throws AppError usage */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parse(argv);
  const common = { configDirectory: values['config-dir'], stateDirectory: values['state-dir'] };
  const [name, ...rest] = positionals;
  if (values.help === true || name === 'help') return { ...common, kind: 'help' };
  if (values.version === true || name === 'version') return { ...common, kind: 'version' };
  if (name === 'plan' && rest[0] === 'verify') {
    const [, file, ...more] = rest;
    if (file === undefined || more.length > 0) throw wrong('plan verify takes one FILE');
    return { ...common, kind: 'plan-verify', file };
  }
  if (name === 'journal' && rest.length === 1) {
    if (rest[0] === 'show') return { ...common, kind: 'journal-show' };
    const isConfirmed = values.yes === true;
    if (rest[0] === 'go-on') return { ...common, kind: 'journal-go-on', isConfirmed };
  }
  if (name === 'journal') throw wrong('journal takes show or go-on');
  if (rest.length > 0) throw wrong(`unexpected argument ${JSON.stringify(rest[0])}`);
  if (name === 'run') return { ...common, kind: 'run' };
  if (name === 'facts') {
    const output = values.output ?? 'text';
    if (output !== 'text' && output !== 'json') throw wrong('-o takes json or text');
    return { ...common, kind: 'facts', output };
  }
  if (name === 'join') {
    const tokenFile = values['token-file'];
    if (tokenFile === undefined) throw wrong('join needs --token-file F (or - for standard input)');
    const coordinators = values.coordinator ?? [];
    const bad = coordinators.find((address) => !isHostAndPort(address));
    if (bad !== undefined) throw wrong(`--coordinator takes HOST:PORT, not ${JSON.stringify(bad)}`);
    return { ...common, kind: 'join', tokenFile, coordinators, nodeName: values.name ?? null };
  }
  throw wrong(
    name === undefined ? 'a command is missing' : `there is no command ${JSON.stringify(name)}`,
  );
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (cause) {
    throw wrong(cause instanceof Error ? cause.message : 'bad arguments');
  }
}

const wrong = (what: string): AppError => new AppError('usage', `${what}; see muster-agent --help`);

const exitCodes: Partial<Record<ErrorCode, number>> = {
  usage: 2,
  refused: 3,
  unauthenticated: 3,
  'permission-denied': 3,
  'not-found': 4,
  unavailable: 5,
  conflict: 6,
  timeout: 124,
};

/** 0 done, 1 failed, 2 usage, 3 refused, 4 not found, 5 no coordinator, 6 conflict, 124 waited too long. */
export const exitCodeOf = (code: ErrorCode): number => exitCodes[code] ?? 1;
