// The command line without a process: what went to which stream, and the exit code.
import { runCli } from '../../../../coordinator/cli/program.ts';
import { systemClock } from '../../../../shared/clock.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function cli(argv: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await runCli(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isTerminal: false,
    env,
    signal: new AbortController().signal,
    clock: systemClock,
    cwd: '/',
  });
  return { code, out, err };
}
