// `npm run lab -- …`: looks into, breaks and mends the fleet of a lab from a terminal.
// Data goes to stdout and everything else to stderr; the exit code of what is run passes through.
import { fileURLToPath } from 'node:url';
import { readArtifactIndex } from './artifacts.ts';
import { exists } from './exists.ts';
import { type Lab, labExists, openLab } from './lab.ts';
import { coordinatorSocket, defaultCacheDir, defaultLabName, operatorKubeconfig } from './paths.ts';
import { run, runAttached } from './run.ts';

const usage = `usage: npm run lab -- [--lab NAME] COMMAND
  status                    hosts with address and state
  exec HOST -- CMD…         runs a program inside a host
  logs HOST [-f]            the agent's journal in a host
  add NAME --pool POOL      boots a new host that joins a pool by itself
  stop HOST | start HOST    pulls a host's plug, switches it on again
  cut HOST | heal HOST      takes a host off the network, puts it back
  kubectl …                 kubectl of the cluster, as its operator
  down                      removes the lab and everything in it`;

const exitCodes = { done: 0, failed: 1, usage: 2, notFound: 4 } as const;

class UsageError extends Error {}
class NotFoundError extends Error {}

type Action = (lab: Lab, words: readonly string[]) => Promise<number>;

const actions: Readonly<Record<string, Action>> = {
  status: printStatus,
  exec: runInside,
  logs: (lab, words) => {
    const [host, ...options] = words;
    return runInside(lab, [named(host), 'journalctl', '-u', 'muster-agent', ...options]);
  },
  add: addHost,
  stop: (lab, [host]) => change(() => lab.stop(named(host)), `${host} is off`),
  start: (lab, [host]) => change(() => lab.start(named(host)), `${host} is on`),
  cut: (lab, [host]) => change(() => lab.cut(named(host)), `${host} is off the network`),
  heal: (lab, [host]) => change(() => lab.heal(named(host)), `${host} is on the network`),
  kubectl: runKubectl,
  down: (lab) => change(() => lab.down(), `lab ${lab.name} is gone`),
};

async function main(argv: readonly string[]): Promise<number> {
  const { labName, words } = splitLabName(argv);
  const [name = '', ...rest] = words;
  if (name === 'help' || name === '--help' || name === '-h') {
    console.log(usage);
    return exitCodes.done;
  }
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) throw new UsageError(name === '' ? 'no command' : `no command ${name}`);
  if (!(await labExists(labName))) {
    if (name === 'down') return say(`there is no lab ${labName}`);
    throw new NotFoundError(`there is no lab ${labName}; "npm start" makes the lab demo`);
  }
  return action(await openLab({ name: labName, log: say }), rest);
}

async function printStatus(lab: Lab): Promise<number> {
  const rows = (await lab.status()).map(({ name, address, state, leaderPid }) => [
    name,
    address,
    state,
    leaderPid === undefined ? '-' : String(leaderPid),
  ]);
  const table = [['NAME', 'ADDRESS', 'STATE', 'PID'], ...rows];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of table) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
  return exitCodes.done;
}

async function runInside(lab: Lab, words: readonly string[]): Promise<number> {
  const [host, ...rest] = words;
  const command = rest[0] === '--' ? rest.slice(1) : rest;
  if (command.length === 0) throw new UsageError('no program to run');
  return runAttached(await lab.inHost(named(host), command));
}

async function addHost(lab: Lab, words: readonly string[]): Promise<number> {
  const [name, flag, pool] = words;
  if (flag !== '--pool' || pool === undefined) throw new UsageError('add needs --pool POOL');
  const coordinator = fileURLToPath(new URL('../../coordinator/main.ts', import.meta.url));
  const socket = coordinatorSocket(lab.directory);
  const userData = await run(
    [
      ...[process.execPath, coordinator, 'join-material', '--pool', pool],
      ...['--format', 'cloud-init', '--socket', socket],
    ],
    { title: 'coordinator join-material' },
  );
  return change(() => lab.addHost({ name: named(name), userData }), `${name} is on and joins`);
}

async function runKubectl(lab: Lab, words: readonly string[]): Promise<number> {
  const kubeconfig = operatorKubeconfig(lab.directory);
  if (!(await exists(kubeconfig))) {
    throw new NotFoundError(
      `there is no ${kubeconfig} yet; "npm start" writes it with the cluster`,
    );
  }
  const kubectl = await findKubectl();
  return runAttached(lab.inFabric([kubectl, '--kubeconfig', kubeconfig, ...words]));
}

async function findKubectl(): Promise<string> {
  const { directory, index } = await readArtifactIndex(defaultCacheDir());
  const entry = index.find(({ name }) => name === 'kubectl');
  if (entry === undefined)
    throw new NotFoundError('kubectl is not built yet: "npm start" builds it');
  return `${directory}/${entry.file}`;
}

async function change(work: () => Promise<void>, outcome: string): Promise<number> {
  await work();
  return say(outcome);
}

function say(line: string): number {
  console.error(line);
  return exitCodes.done;
}

function named(host: string | undefined): string {
  if (host === undefined || host.startsWith('-')) throw new UsageError('no host named');
  return host;
}

/** Only in front of the command, so that the options of what is run stay its own. */
function splitLabName(argv: readonly string[]): { labName: string; words: readonly string[] } {
  const [first, second, ...rest] = argv;
  if (first !== '--lab') return { labName: defaultLabName, words: argv };
  if (second === undefined) throw new UsageError('--lab needs a name');
  return { labName: second, words: rest };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`lab: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof UsageError) console.error(usage);
  if (error instanceof UsageError) process.exitCode = exitCodes.usage;
  else if (error instanceof NotFoundError) process.exitCode = exitCodes.notFound;
  else process.exitCode = exitCodes.failed;
}
