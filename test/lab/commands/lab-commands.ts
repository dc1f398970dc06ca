// What the commands of `npm run lab` do: they open the lab that is there and hand the terminal to the
// program that is run in it, whose exit code is theirs.
import { formatTable } from '../../../coordinator/cli/table.ts';
import { kubectlOf } from '../artifacts/kubectl-of.ts';
import { NotFoundError } from '../caller-error.ts';
import { answeringServer } from '../fleet/answering-server.ts';
import { builtCoordinator } from '../fleet/binaries.ts';
import { readClusterFile } from '../fleet/cluster-file.ts';
import { type Lab, labExists, openLab } from '../lab.ts';
import { exists } from '../machine/exists.ts';
import {
  coordinatorDirectory,
  coordinatorSocket,
  defaultLabName,
  operatorKubeconfig,
} from '../paths.ts';
import { run, runAttached } from '../run.ts';
import { type CommandLineIo, exitCode } from './command-line.ts';
import type { HostChange, LabCommands, LogsOptions } from './program.ts';

const outcomes: Readonly<Record<HostChange, string>> = {
  stop: 'is off',
  start: 'is on',
  cut: 'is off the network',
  heal: 'is on the network',
};

export function labCommands(io: CommandLineIo): LabCommands {
  const say = (line: string): void => io.err(`${line}\n`);

  async function open(name: string): Promise<Lab> {
    if (await labExists(name)) return openLab({ name, log: say });
    throw new NotFoundError(`there is no lab ${name}: ${howToMake(name)}`);
  }

  async function runInside(lab: Lab, host: string, argv: readonly string[]): Promise<number> {
    return runAttached(await lab.inHost(host, argv));
  }

  return {
    status: async (name) => {
      const lab = await open(name);
      const rows = (await lab.status()).map(
        ({ name: host, address, state, leaderPid, isMachine }) => [
          host,
          address,
          state,
          isMachine ? 'own' : 'shared',
          leaderPid ?? null,
        ],
      );
      io.out(formatTable(['NAME', 'ADDRESS', 'STATE', 'KERNEL', 'PID'], rows));
      return exitCode.done;
    },
    exec: async (name, host, argv) => runInside(await open(name), host, argv),
    logs: async (name, host, options) =>
      runInside(await open(name), host, ['journalctl', '-u', 'muster-agent', ...flagsOf(options)]),
    add: async (name, host, { pool, machine }) => {
      const lab = await open(name);
      const flags = ['--pool', pool, '--format', 'cloud-init'];
      const userData = await run([await builtCoordinator(), 'join-material', ...flags], {
        extraEnv: coordinatorEnv(lab),
        title: 'coordinator join-material',
      });
      await lab.addHost({ name: host, userData, isMachine: machine === true });
      say(`${host} is on and joins`);
      return exitCode.done;
    },
    change: async (name, host, change) => {
      const lab = await open(name);
      await lab[change](host);
      say(`${host} ${outcomes[change]}`);
      return exitCode.done;
    },
    kubectl: async (name, args) => {
      const lab = await open(name);
      const kubeconfig = operatorKubeconfig(lab.directory);
      if (!(await exists(kubeconfig)))
        throw new NotFoundError(`there is no ${kubeconfig} yet: npm start writes it at its end`);
      const made = await readClusterFile(lab.directory);
      if (made === null) throw new NotFoundError(`lab ${name} has no cluster: ${howToMake(name)}`);
      const argv = lab.inFabric([await kubectlOf(lab.directory, made)]);
      const words = ['--kubeconfig', kubeconfig];
      if (!choosesServer(args)) {
        const answer = await answeringServer({ argv, kubeconfig });
        if (answer.kind === 'none') {
          const lines = answer.why.map((line) => `  ${line}`).join('\n');
          throw new Error(
            `no API server answers that it is ready:\n${lines}\nnpm run lab -- status shows the hosts; npm start mends what it can`,
          );
        }
        words.push('--context', answer.server.context);
      }
      return runAttached([...argv, ...words, ...args], { cwd: callersDirectory() });
    },
    coordinator: async (name, args) => {
      const lab = await open(name);
      return runAttached([await builtCoordinator(), ...args], {
        cwd: callersDirectory(),
        extraEnv: coordinatorEnv(lab),
      });
    },
    down: async (name) => {
      if (!(await labExists(name))) {
        say(`there is no lab ${name}`);
        return exitCode.done;
      }
      await (await open(name)).down();
      say(`lab ${name} is gone`);
      return exitCode.done;
    },
  };
}

function coordinatorEnv(lab: Lab): Readonly<Record<string, string>> {
  return {
    MUSTER_DATA: coordinatorDirectory(lab.directory),
    MUSTER_SOCKET: coordinatorSocket(lab.directory),
  };
}

/** npm runs scripts in the project's root; paths that people type are seen from where they stand. */
const callersDirectory = (): string => process.env['INIT_CWD'] ?? process.cwd();

const howToMake = (lab: string): string =>
  lab === defaultLabName ? 'npm start makes it' : `npm start -- --lab ${lab} makes it`;

function flagsOf({ follow, lines, more }: LogsOptions): readonly string[] {
  return [
    ...(follow === true ? ['--follow'] : []),
    ...(lines === undefined ? [] : ['--lines', lines]),
    ...more,
  ];
}

/** These name their server themselves, or look at the file alone. */
function choosesServer(args: readonly string[]): boolean {
  const own = /^(--context|--kubeconfig|--server|-s)(=|$)/;
  return args[0] === 'config' || args.some((word) => own.test(word));
}
