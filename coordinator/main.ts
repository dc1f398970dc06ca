// The coordinator's program: wiring of the process only. Everything a command does is in cli/.
import { systemClock } from '../shared/clock.ts';
import { stopSignal } from '../shared/lifecycle.ts';
import { runCli } from './cli/program.ts';

process.title = 'coordinator';
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // `coordinator get nodes | head`: nobody reads any more, which is no failure.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const io = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  env: process.env,
  signal: stopSignal(),
  clock: systemClock,
  cwd: process.cwd(),
};

void runCli(process.argv.slice(2), io).then((code) => {
  process.exitCode = code;
});
