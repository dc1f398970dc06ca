// A thread of a batch: seeds in, verdicts out. A trace goes with it only when something is broken.
import { parentPort } from 'node:worker_threads';
import { runSeed, type Verdict } from './run-seed.ts';

// Most errors of a simulated world are aborts, and nobody reads where they came from.
Error.stackTraceLimit = 0;

export type Summary = Omit<Verdict, 'trace'> & { readonly lastLines: readonly string[] };

const shownLines = 40;

parentPort?.on('message', (seed: string) => {
  void runSeed(seed).then(({ trace, ...verdict }) => {
    const lastLines = verdict.broken.length > 0 ? trace.slice(-shownLines) : [];
    parentPort?.postMessage({ ...verdict, lastLines } satisfies Summary);
  });
});
