// Many seeds on all cores, and what came of them: what was broken, how often each situation occurred.
// Loads nothing of the world itself: its threads do, while nothing else wants their cores.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Hello, Summary } from './worker.ts';

export interface Batch {
  readonly seeds: number;
  readonly tookMs: number;
  readonly failures: readonly Summary[];
  readonly counts: Readonly<Record<string, number>>;
  /** What has to occur at least once. */
  readonly wanted: readonly string[];
  readonly digests: ReadonlyMap<string, string>;
  /** Together. */
  readonly simulatedMs: number;
}

export interface BatchOptions {
  readonly first: number;
  readonly count: number;
  readonly onSeed?: (done: number) => void;
}

export async function runBatch({ first, count, onSeed }: BatchOptions): Promise<Batch> {
  const beganMs = performance.now();
  const counts: Record<string, number> = {};
  const digests = new Map<string, string>();
  const failures: Summary[] = [];
  let simulatedMs = 0;
  let wanted: readonly string[] = [];
  let next = first;
  const take = (summary: Summary): void => {
    digests.set(summary.seed, summary.digest);
    simulatedMs += summary.tookMs;
    for (const [name, times] of Object.entries(summary.counts)) {
      counts[name] = (counts[name] ?? 0) + times;
    }
    if (summary.broken.length > 0) failures.push(summary);
    onSeed?.(digests.size);
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { execArgv: [] });
    try {
      await new Promise<void>((resolve, reject) => {
        const give = (): void => {
          if (next >= first + count) {
            resolve();
            return;
          }
          worker.postMessage(String(next));
          next += 1;
        };
        worker.on('error', reject);
        worker.on('message', (message: Summary | Hello) => {
          if ('wanted' in message) ({ wanted } = message);
          else take(message);
          give();
        });
      });
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  failures.sort((a, b) => Number(a.seed) - Number(b.seed));
  return {
    seeds: count,
    tookMs: performance.now() - beganMs,
    failures,
    counts,
    wanted,
    digests,
    simulatedMs,
  };
}

/** What did not occur, and has to. */
export const neverOccurred = ({ counts, wanted }: Batch): readonly string[] =>
  wanted.filter((name) => (counts[name] ?? 0) === 0);

/** For people: what is broken, in which seed, and the one command that shows it again. */
export function report({ seeds, tookMs, failures, counts, simulatedMs }: Batch): string {
  const hours = (simulatedMs / 3_600_000).toFixed(1);
  const perSeed = (tookMs / seeds).toFixed(0);
  const lines = [
    `${seeds} seeds in ${(tookMs / 1000).toFixed(1)} s (${perSeed} ms each, ${hours} simulated hours): ${failures.length} broken`,
    ...Object.entries(counts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, times]) => `${String(times).padStart(8)}  ${name}`),
    ...failures
      .slice(0, 5)
      .flatMap(({ seed, broken, lastLines }) => [
        '',
        ...lastLines,
        ...broken.slice(0, 3).map(({ invariant, why }) => `seed ${seed}: ${invariant}: ${why}`),
        `replay: node test/simulation/replay.ts ${seed}`,
      ]),
  ];
  return lines.join('\n');
}
