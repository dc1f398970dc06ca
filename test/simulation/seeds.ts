// `node test/simulation/seeds.ts COUNT [FIRST]`: so many seeds on all cores, and what came of them. Fails
// when something is broken, or when something that has to fail never did.
import { neverOccurred, report, runBatch } from './batch.ts';

const [count = '500', first = '1'] = process.argv.slice(2);
const batch = await runBatch({
  first: Number(first),
  count: Number(count),
  onSeed: (done) => {
    if (done % 1_000 === 0) process.stdout.write(`${done} seeds\n`);
  },
});
process.stdout.write(`${report(batch)}\n`);
const missing = neverOccurred(batch);
for (const name of missing) process.stdout.write(`never occurred: ${name}\n`);
process.exitCode = batch.failures.length === 0 && missing.length === 0 ? 0 : 1;
