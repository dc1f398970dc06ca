// A thread of a batch: seeds in, verdicts out. A trace goes with it only when something is broken.
import { parentPort } from 'node:worker_threads';
import { wanted } from './occurrences.ts';
import { rememberSignatures } from './processes/known-signatures.ts';
import { runSeed, type Verdict } from './run-seed.ts';

// Most errors of a simulated world are aborts, and nobody reads where they came from.
Error.stackTraceLimit = 0;
rememberSignatures();

export type Summary = Omit<Verdict, 'trace'> & { readonly lastLines: readonly string[] };
/** The first message of a thread: what has to occur at least once in a batch. */
export type Hello = { readonly wanted: readonly string[] };

const shownLines = 40;

parentPort?.postMessage({ wanted } satisfies Hello);
parentPort?.on('message', (seed: string) => {
  void runSeed(seed).then(({ trace, ...verdict }) => {
    const lastLines = verdict.broken.length > 0 ? trace.slice(-shownLines) : [];
    parentPort?.postMessage({ ...verdict, lastLines } satisfies Summary);
  });
});
