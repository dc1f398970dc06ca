// enter-guest.ts SOCKET -- PROGRAM [ARGS…]: runs a program in a guest for whoever has a terminal: its
// output as it comes, its exit code, and stdin when that is not the terminal itself. Ctrl-C ends it.
import { text } from 'node:stream/consumers';
import { followInGuest } from './run-in-guest.ts';

const [socketPath = '', , ...argv] = process.argv.slice(2);
const stopped = new AbortController();
process.on('SIGINT', () => stopped.abort());
process.on('SIGTERM', () => stopped.abort());
const stdin = process.stdin.isTTY ? '' : await text(process.stdin);
process.exitCode = await followInGuest(
  socketPath,
  { argv, stdin, signal: stopped.signal },
  {
    out: (bytes) => void process.stdout.write(bytes),
    err: (bytes) => void process.stderr.write(bytes),
  },
);
