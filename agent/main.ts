// The program: argv in, exit code out. Wiring only; the one place of the agent that ends the
// process or makes it a new one.
import { systemClock } from '../shared/clock.ts';
import { AppError, isAbort, toAppError } from '../shared/errors.ts';
import { stopSignal } from '../shared/lifecycle.ts';
import { createLogger } from '../shared/log.ts';
import { redact } from '../shared/redact.ts';
import { exitCodeOf, parseCommand } from './cli.ts';
import { runCommand } from './commands.ts';
import { becomeNewProcess, ownProcess } from './host/own-process.ts';

async function main(argv: readonly string[]): Promise<number> {
  try {
    const command = parseCommand(argv);
    return await runCommand(command, {
      createLog: (level) => createLogger(level, { program: 'muster-agent' }),
      print: (text) => void process.stdout.write(text),
      signal: stopSignal(),
      own: ownProcess(process.env),
      startAgain: () => becomeNewProcess(systemClock.boot()),
    });
  } catch (thrown) {
    if (isAbort(thrown)) return 0;
    const failure = toAppError(thrown);
    process.stderr.write(`muster-agent: ${redact(failure.message)}\n`);
    // Without a name of ours the stack is the only thing that helps.
    if (!(thrown instanceof AppError) && thrown instanceof Error)
      process.stderr.write(`${thrown.stack}\n`);
    return exitCodeOf(failure.code);
  }
}

process.title = 'muster-agent';
process.umask(0o077);
// Commands under way live in units of their own and are found again: nothing is waited for.
void main(process.argv.slice(2)).then((code) => {
  process.stdout.write('', () => process.exit(code));
});
