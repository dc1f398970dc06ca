// What `npm start` and `npm run lab` have in common as command lines: commander set up to answer with
// an exit code, and the codes for the errors of the caller. Data goes to out, all else to err.
import { Command, CommanderError } from 'commander';
import { NotFoundError, UsageError } from '../caller-error.ts';

export const exitCode = { done: 0, failed: 1, usage: 2, notFound: 4 } as const;

export interface CommandLineIo {
  out(text: string): void;
  err(text: string): void;
}

export const processIo: CommandLineIo = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

export interface CommandLine {
  readonly program: Command;
  /** Called by an action that is not simply done. */
  endWith(code: number): void;
  /** Parses, runs the chosen action and answers the exit code. Never throws. */
  run(argv: readonly string[]): Promise<number>;
}

/** @param name what people type in front of the first argument */
export function createCommandLine(name: string, io: CommandLineIo): CommandLine {
  let outcome: number = exitCode.done;
  const program = new Command(name)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .showHelpAfterError('(--help shows what there is)')
    .showSuggestionAfterError();
  return {
    program,
    endWith: (code) => {
      outcome = code;
    },
    run: async (argv) => {
      try {
        await program.parseAsync([...argv], { from: 'user' });
        return outcome;
      } catch (error) {
        return report(error, io);
      }
    },
  };
}

function report(error: unknown, io: CommandLineIo): number {
  // commander has said what was wrong already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  io.err(`${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) return exitCode.usage;
  return error instanceof NotFoundError ? exitCode.notFound : exitCode.failed;
}
