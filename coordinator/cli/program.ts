// The command line: names and flags of every command, each implemented in a file of commands/ that is
// loaded when the command runs, so that --version and usage errors cost nothing.
import { Command, CommanderError, Option } from 'commander';
import { AppError, isAbort } from '../../shared/errors.ts';
import { plainText } from '../../shared/plain-text.ts';
import { COORDINATOR_VERSION } from '../version.ts';
import { accessCommands } from './access-commands.ts';
import { certificateCommands } from './certificate-commands.ts';
import type { CliIo } from './cli-io.ts';
import { withConnection } from './connection.ts';
import { etcdCommands } from './etcd-commands.ts';
import { exitCode, exitCodeFor } from './exit-codes.ts';
import { nodeCommands } from './node-commands.ts';
import { rolloutCommands } from './rollout-commands.ts';

/** What a command answers: its exit code when it is not 0. */
type Outcome = Promise<number | undefined>;

/** Runs one command line. Never throws; answers the exit code. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  let outcome: number | undefined;
  const program = buildProgram(plainIo(io), (code) => {
    outcome = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return outcome ?? exitCode.done;
  } catch (thrown) {
    return report(thrown, io);
  }
}

/** Much of what is shown was said by hosts: whatever it is, it moves no cursor and names no window. */
const plainIo = (io: CliIo): CliIo => ({
  ...io,
  out: (text) => io.out(plainText(text)),
  err: (text) => io.err(plainText(text)),
});

function report(thrown: unknown, io: CliIo): number {
  // commander has said what was wrong already.
  if (thrown instanceof CommanderError)
    return thrown.exitCode === 0 ? exitCode.done : exitCode.usage;
  if (isAbort(thrown)) return exitCode.interrupted;
  const isColoured = io.isTerminal && (io.env['NO_COLOR'] ?? '') === '';
  const label = isColoured ? '\u001b[31merror:\u001b[0m' : 'error:';
  if (thrown instanceof AppError) {
    io.err(`${label} ${plainText(thrown.message)}\n`);
    return exitCodeFor(thrown.code);
  }
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  io.err(
    `${label} ${plainText(text)}\nThis is a fault of Muster itself: please report it with the lines above.\n`,
  );
  return exitCode.failed;
}

const collect = (value: string, before: readonly string[] | undefined): string[] => [
  ...(before ?? []),
  value,
];

function buildProgram(io: CliIo, done: (code: number | undefined) => void): Command {
  const program = new Command('coordinator')
    .description('Muster: installs and keeps Kubernetes clusters by agents that pull signed plans')
    .version(COORDINATOR_VERSION)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .showHelpAfterError('(--help shows the flags)')
    .showSuggestionAfterError();
  const run =
    (load: () => Promise<(options: never, io: CliIo) => Outcome>, names: readonly string[] = []) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      const values = Object.fromEntries(names.map((name, index) => [name, given[index]]));
      const action = await load();
      done(await action({ ...command.optsWithGlobals<object>(), ...values } as never, io));
    };
  const sub = (parent: Command, signature: string, description: string): Command =>
    parent.command(signature).description(description).exitOverride();

  sub(program, 'init', 'make the data directory: fleet CA, signing keys, store')
    .option('--data <dir>', 'data directory')
    .option(
      '--address <name-or-ip>',
      'name or address of this coordinator; repeat for several',
      collect,
    )
    .option('--grpc-port <port>', 'port agents connect to', '7443')
    .option('--https-port <port>', 'port of artifacts and the agent', '7480')
    .action(run(async () => (await import('./commands/init.ts')).init));

  sub(program, 'serve', 'run the coordinator')
    .option('--data <dir>', 'data directory')
    .option('--agent-binary <path>', 'agent to hand out; repeat for several architectures', collect)
    .option('--listen <address>', 'address to listen on (default: all)')
    .option(
      '--grpc-port <port>',
      'port agents connect to; 0 takes a free one (default: as init said)',
    )
    .option('--https-port <port>', 'port of artifacts and the agent (default: as init said)')
    .option(
      '--base <host=url>',
      'a mirror with the layout of an official site; repeat for several',
      collect,
    )
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .action(run(async () => (await import('./commands/serve.ts')).serveCommand));

  withConnection(sub(program, 'apply', 'make a cluster what its file says'))
    .requiredOption('-f, --file <file>', 'cluster.yaml; - reads standard input')
    .option('--lock <file>', 'artifact lock; default: made from the artifact source of the spec')
    .option('--ignore <check>', 'a preflight check to let pass; repeat for several', collect)
    .option('--dry-run', 'check and show, change nothing')
    .action(run(async () => (await import('./commands/apply.ts')).apply));

  withConnection(
    sub(
      program,
      'get <kind> [name]',
      'show nodes, pools, clusters, plans, rollouts, tokens, operators, events, artifacts or certificates',
    ),
  )
    .option('-o, --output <format>', 'table, wide, json, yaml or name', 'table')
    .option('-l, --selector <selector>', 'labels: key=value,key!=value,key,!key')
    .option('-w, --watch', 'go on showing what changes')
    .action(run(async () => (await import('./commands/get.ts')).get, ['kind', 'name']));

  withConnection(
    sub(program, 'describe <kind> <name>', 'everything about a node, cluster or plan'),
  ).action(run(async () => (await import('./commands/describe.ts')).describe, ['kind', 'name']));

  withConnection(sub(program, 'explain [node]', 'why does it wait')).action(
    run(async () => (await import('./commands/explain.ts')).explain, ['node']),
  );

  tokenCommands(sub(program, 'token', 'join tokens'), { sub, run });

  withTokenFlags(
    withConnection(sub(program, 'join-material', 'what makes a bare host join; mints a token')),
  )
    .addOption(
      new Option('--format <format>', 'what to print')
        .choices(['shell', 'cloud-init'])
        .default('shell'),
    )
    .action(run(async () => (await import('./commands/join-material.ts')).joinMaterialCommand));

  const plan = sub(program, 'plan', 'plans');
  withConnection(sub(plan, 'show <id>', 'stages, steps, results and errors of a plan')).action(
    run(async () => (await import('./commands/describe.ts')).showPlan, ['id']),
  );

  nodeCommands(sub(program, 'node', 'what may become of a node'), { sub, run });

  certificateCommands(sub(program, 'certificates', 'when they end, and their renewal'), {
    sub,
    run,
  });

  rolloutCommands(sub(program, 'rollout', 'how changes of the spec reach hosts'), { sub, run });

  withConnection(sub(program, 'logs [subject]', 'what happened: of a node, a plan or plan/step'))
    .option('-f, --follow', 'go on')
    .action(run(async () => (await import('./commands/logs.ts')).logs, ['subject']));

  sub(program, 'schema [path]', 'fields of cluster.yaml, for example cluster.spec.rollout')
    .option('--json', 'the JSON Schema of the whole file, for editors')
    .action(run(async () => (await import('./commands/schema.ts')).schema, ['path']));

  withConnection(sub(program, 'wait', 'wait until something is so'))
    .requiredOption('--for <condition>', 'ready, healthy, ready=N, joined=N or plan=ID')
    .option('--timeout <duration>', 'give up with exit code 124; 0 looks once', '10m')
    .action(run(async () => (await import('./commands/wait.ts')).wait));

  withConnection(
    sub(program, 'retry [node]', 'release what is held and count attempts anew'),
  ).action(run(async () => (await import('./commands/retry.ts')).retry, ['node']));

  withConnection(sub(program, 'kubeconfig', 'a kubeconfig whose key never left this machine'))
    .option('-o, --output <file>', 'where to write it, mode 0600 (default: standard output)')
    .option('--user <name>', 'name in the certificate (default: $USER)')
    .option('--ttl <duration>', 'how long it is valid', '24h')
    .option('--timeout <duration>', 'give up with exit code 124', '5m')
    .action(run(async () => (await import('./commands/kubeconfig.ts')).kubeconfig));

  withConnection(
    sub(program, 'smoke-test', 'try pods, services, node ports and DNS on the cluster'),
  )
    .option('--timeout <duration>', 'give up with exit code 124', '10m')
    .action(run(async () => (await import('./commands/smoke-test.ts')).smokeTest));

  etcdCommands(program, { sub, run });
  accessCommands(program, { sub, run });
  artifactCommands(sub(program, 'artifacts', 'releases that are installed'), { sub, run });

  withConnection(sub(program, 'version', 'versions of this program and of the coordinator')).action(
    run(async () => (await import('./commands/version.ts')).version),
  );
  return program;
}

export interface CommandTools {
  readonly sub: (parent: Command, signature: string, description: string) => Command;
  readonly run: (
    load: () => Promise<(options: never, io: CliIo) => Outcome>,
    names?: readonly string[],
  ) => (...given: unknown[]) => Promise<void>;
}

const withTokenFlags = (command: Command): Command =>
  command
    .requiredOption('--pool <pool>', 'POOL, or CLUSTER/POOL')
    .option('--ttl <duration>', 'how long it can be used', '1h')
    .option('--uses <n>', 'hosts that may join with it (default: the free places of the pool)')
    .option('--node-name <name>', 'only a host of this name may use it')
    .option('--source-range <range>', 'only from these addresses, for example 10.0.0.0/24')
    .option(
      '--standing',
      'for autoscaling: worker pools, long lived, needs --source-range and --uses',
    );

function tokenCommands(token: Command, { sub, run }: CommandTools): void {
  withTokenFlags(
    withConnection(sub(token, 'create', 'make a join token; it is printed once')),
  ).action(run(async () => (await import('./commands/token.ts')).createTokenCommand));
  withConnection(sub(token, 'list', 'tokens and who used them'))
    .option('-o, --output <format>', 'table, wide, json, yaml or name', 'table')
    .action(run(async () => (await import('./commands/token.ts')).listTokens));
  withConnection(sub(token, 'extend <id>', 'make a token live longer; its secret stays'))
    .option('--ttl <duration>', 'from now', '1h')
    .action(run(async () => (await import('./commands/token.ts')).extendToken, ['id']));
  withConnection(sub(token, 'revoke <id>', 'end a token at once; who joined stays')).action(
    run(async () => (await import('./commands/token.ts')).revokeToken, ['id']),
  );
}

function artifactCommands(artifacts: Command, { sub, run }: CommandTools): void {
  const load = async () => await import('./commands/artifacts.ts');
  const withStore = (command: Command): Command =>
    command
      .option('--data <dir>', 'data directory of the coordinator')
      .option('--lock <file>', 'the lock', 'cluster.lock.json');
  const withBases = (command: Command): Command =>
    command.option(
      '--base <host=url>',
      'a mirror with the layout of an official site; repeat for several',
      collect,
    );
  withBases(
    sub(artifacts, 'lock', 'write down what exactly is installed, by digest')
      .requiredOption('-f, --file <file>', 'cluster.yaml')
      .option('-o, --output <file>', 'where to write the lock', 'cluster.lock.json')
      .option('--arch <list>', 'amd64, arm64 or both (default: that of this machine)')
      .option('--data <dir>', 'data directory of the coordinator'),
  ).action(run(async () => (await load()).lockCommand));
  withBases(withStore(sub(artifacts, 'pull', 'fetch everything in a lock; never twice'))).action(
    run(async () => (await load()).pullCommand),
  );
  withStore(sub(artifacts, 'list', 'what is in a lock, and what of it is stored'))
    .option('-o, --output <format>', 'table, wide, json, yaml or name', 'table')
    .action(run(async () => (await load()).listCommand));
  withStore(
    sub(artifacts, 'verify', 'read every stored artifact again and compare its digest'),
  ).action(run(async () => (await load()).verifyCommand));
}
