// The flags of `npm start`.
import { parseArgs } from 'node:util';
import { defaultLabName } from './paths.ts';

export class StartUsageError extends Error {}

export interface StartOptions {
  readonly lab: string;
  readonly masters: number;
  readonly workers: number;
  /** Absent: what the lab was made with, else the newest that it can build. */
  readonly kubernetes: string | undefined;
  /** probe: official when it answers, else built here. */
  readonly source: 'probe' | 'official' | 'built';
}

/** `--hosts cp=3,worker=2 --lab demo --kubernetes v1.36.4 --artifacts built|official`. @throws StartUsageError */
export function parseStartOptions(argv: readonly string[]): StartOptions {
  const { values } = readArguments(argv);
  const counts = new Map((values.hosts ?? 'cp=3,worker=2').split(',').map(parseCount));
  const masters = counts.get('cp') ?? 3;
  if (![1, 3, 5].includes(masters)) {
    throw new StartUsageError(`--hosts cp=${masters}: etcd lives on these hosts, so 1, 3 or 5`);
  }
  const source = values.artifacts ?? 'probe';
  if (source !== 'probe' && source !== 'official' && source !== 'built') {
    throw new StartUsageError(`--artifacts ${source}: official or built`);
  }
  const { lab = defaultLabName, kubernetes } = values;
  return { lab, masters, workers: counts.get('worker') ?? 0, kubernetes, source };
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        hosts: { type: 'string' },
        lab: { type: 'string' },
        kubernetes: { type: 'string' },
        artifacts: { type: 'string' },
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartUsageError(
      `${reason}\nusage: npm start -- [--hosts cp=3,worker=2] [--lab NAME] [--kubernetes VERSION] [--artifacts built|official]`,
    );
  }
}

function parseCount(text: string): readonly [string, number] {
  const match = /^(cp|worker)=(\d{1,2})$/.exec(text);
  if (match === null) throw new StartUsageError(`--hosts ${text}: like cp=3,worker=2`);
  return [match[1] ?? '', Number(match[2])];
}
