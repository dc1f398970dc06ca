// The commands of `npm run lab` and their flags; what they do is behind LabCommands. `--lab` may stand
// before a command or among its own arguments, but not among the words of a program that is run.
import { type Command, Option } from 'commander';
import { defaultLabName } from '../paths.ts';
import { type CommandLineIo, createCommandLine } from './command-line.ts';

export type HostChange = 'stop' | 'start' | 'cut' | 'heal';

interface LogsFlags {
  readonly lab?: string;
  readonly follow?: true;
  readonly lines?: string;
}

export interface LogsOptions extends Omit<LogsFlags, 'lab'> {
  /** Further arguments of journalctl. */
  readonly more: readonly string[];
}

export interface AddOptions {
  readonly pool: string;
  /** Absent: a container, as the hosts of `npm start` are. */
  readonly machine?: true;
}

/** Each answers the exit code. */
export interface LabCommands {
  status(lab: string): Promise<number>;
  exec(lab: string, host: string, argv: readonly string[]): Promise<number>;
  logs(lab: string, host: string, options: LogsOptions): Promise<number>;
  add(lab: string, host: string, options: AddOptions): Promise<number>;
  change(lab: string, host: string, change: HostChange): Promise<number>;
  kubectl(lab: string, args: readonly string[]): Promise<number>;
  coordinator(lab: string, args: readonly string[]): Promise<number>;
  down(lab: string): Promise<number>;
}

const examples = `
examples:
  npm run lab -- status
  npm run lab -- exec w1 -- systemctl status kubelet
  npm run lab -- kubectl get pods -A
  npm run lab -- coordinator explain
  npm run lab -- down --lab other
npm itself prints two lines first; npm run -s lab -- … leaves them out.`;

const changes: Readonly<Record<HostChange, string>> = {
  stop: 'pull the plug of a host; its disk stays',
  start: 'switch a host on again',
  cut: 'take a host off the network',
  heal: 'put a host back on the network',
};

/** Runs one command line. Never throws; answers the exit code. */
export async function runLab(
  argv: readonly string[],
  commands: LabCommands,
  io: CommandLineIo,
): Promise<number> {
  const line = createCommandLine('npm run lab --', io);
  const program = withLab(line.program)
    .description('Looks into, breaks and mends the lab that npm start made.')
    .enablePositionalOptions()
    .configureHelp({ subcommandTerm: wordsOf })
    .addHelpText('after', examples);
  const sub = (signature: string, description: string): Command =>
    withLab(program.command(signature)).description(description);
  /** An action gets the command's arguments and after them the lab's name. */
  const run =
    <T extends unknown[]>(action: (lab: string, ...given: T) => Promise<number>) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      const { lab } = command.optsWithGlobals<{ lab?: string }>();
      line.endWith(await action(lab ?? defaultLabName, ...(given.slice(0, -1) as T)));
    };

  sub('status', 'hosts with address and state').action(run((lab) => commands.status(lab)));
  sub('exec <host> <program...>', 'run a program inside a host; its own flags go behind --')
    .usage('HOST -- PROGRAM [ARGS…]')
    .action(run((lab, host: string, argv: string[]) => commands.exec(lab, host, argv)));
  sub('logs <host> [journalctl...]', 'the agent’s journal in a host')
    .usage('[options] HOST [-- FLAGS OF JOURNALCTL]')
    .option('-f, --follow', 'go on showing what comes')
    .option('-n, --lines <n>', 'only the newest')
    .action(
      run((lab, host: string, more: string[], options: LogsFlags) => {
        const { lab: _lab, ...flags } = options;
        return commands.logs(lab, host, { ...flags, more });
      }),
    );
  sub('add <name>', 'boot a new host that joins a pool by itself')
    .requiredOption('--pool <pool>', 'for example workers')
    .option('--machine', 'one with a kernel of its own (QEMU): slower, and nothing of it is shared')
    .action(
      run((lab, name: string, { pool, machine }: AddOptions) =>
        commands.add(lab, name, machine === undefined ? { pool } : { pool, machine }),
      ),
    );
  for (const [change, description] of Object.entries(changes)) {
    sub(`${change} <host>`, description).action(
      run((lab, host: string) => commands.change(lab, host, change as HostChange)),
    );
  }
  passingOn(sub('kubectl [args...]', 'kubectl of the cluster, by a master that answers')).action(
    run((lab, args: string[]) => commands.kubectl(lab, args)),
  );
  passingOn(sub('coordinator [args...]', 'the command line of the lab’s coordinator')).action(
    run((lab, args: string[]) => commands.coordinator(lab, args)),
  );
  sub('down', 'remove the lab and everything in it').action(run((lab) => commands.down(lab)));
  return line.run(argv);
}

const withLab = (command: Command): Command =>
  command.addOption(new Option('--lab <name>', `which lab (default: ${defaultLabName})`));

/** For the list of commands: `[options]` would stand behind each of them. */
const wordsOf = (command: Command): string => {
  const words = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return [command.name(), ...words].join(' ');
};

/** Everything behind the command is the other program's, its help too. */
const passingOn = (command: Command): Command =>
  command.usage('[--lab NAME] [ARGS…]').helpOption(false).allowUnknownOption().passThroughOptions();
