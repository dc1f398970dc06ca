// `node test/simulation/replay.ts SEED`: one seed again, with everything that happened in it.
import { runSeed } from './run-seed.ts';

const [seed = '1', from = '0'] = process.argv.slice(2);
const verdict = await runSeed(seed);
process.stdout.write(`${verdict.trace.slice(Number(from)).join('\n')}\n\n`);
for (const { invariant, why, atMs } of verdict.broken) {
  process.stdout.write(`BROKEN at ${(atMs / 1000).toFixed(3)} s: ${invariant}: ${why}\n`);
}
process.stdout.write(
  `seed ${seed}: ${verdict.broken.length === 0 ? 'all invariants held' : 'broken'}, digest ${verdict.digest}\n`,
);
process.exitCode = verdict.broken.length === 0 ? 0 : 1;
