// The flags of `npm start`.
import { InvalidArgumentError, Option } from 'commander';
import { kubernetesReleases } from '../artifacts/kubernetes-releases.ts';
import { defaultLabName } from '../paths.ts';
import { type CommandLineIo, createCommandLine } from './command-line.ts';

export interface StartOptions {
  readonly lab: string;
  readonly hosts: HostCounts;
  /** Absent: what the lab was made with, else the newest that it can build. */
  readonly kubernetes?: string;
  /** Absent: official when they can be reached, else built. */
  readonly artifacts?: 'built' | 'official';
}

export interface HostCounts {
  readonly masters: number;
  readonly workers: number;
}

const defaultHosts: HostCounts = { masters: 3, workers: 2 };

/** Runs `start` with what the command line says. Never throws; answers the exit code. */
export async function runStart(
  argv: readonly string[],
  start: (options: StartOptions) => Promise<void>,
  io: CommandLineIo,
): Promise<number> {
  const built = kubernetesReleases.map(({ version }) => version).join(' or ');
  const line = createCommandLine('npm start --', io);
  line.program
    .description(
      'Makes a Kubernetes cluster of real hosts on this machine; again, it looks for gaps.',
    )
    .addOption(
      new Option('--hosts <counts>', 'how many of each, 1, 3 or 5 masters')
        .argParser(parseHosts)
        .default(defaultHosts, 'cp=3,worker=2'),
    )
    .option('--lab <name>', 'name of the lab', defaultLabName)
    .option(
      '--kubernetes <version>',
      `built here: ${built} (default: the lab’s own, or the newest)`,
    )
    .addOption(
      new Option(
        '--artifacts <source>',
        'where from (default: official when they can be reached)',
      ).choices(['built', 'official']),
    )
    .allowExcessArguments(false)
    .action(start);
  return line.run(argv);
}

/** `cp=3,worker=2`; masters that are not named are three, workers none. */
function parseHosts(text: string): HostCounts {
  const counts = new Map(text.split(',').map(parseCount));
  const masters = counts.get('cp') ?? defaultHosts.masters;
  if (![1, 3, 5].includes(masters))
    throw new InvalidArgumentError('etcd lives on the cp hosts, so 1, 3 or 5 of them.');
  return { masters, workers: counts.get('worker') ?? 0 };
}

function parseCount(text: string): readonly [string, number] {
  const match = /^(cp|worker)=(\d{1,2})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Write it like cp=3,worker=2.');
  return [match[1] ?? '', Number(match[2])];
}
