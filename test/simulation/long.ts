// `npm run test:long [COUNT [FIRST]]`: ten thousand seeds.
import { report, runBatch } from './batch.ts';

const [count = '10000', first = '1'] = process.argv.slice(2);
const batch = await runBatch({
  first: Number(first),
  count: Number(count),
  onSeed: (done) => {
    if (done % 500 === 0) process.stdout.write(`${done} seeds\n`);
  },
});
process.stdout.write(`${report(batch)}\n`);
process.exitCode = batch.failures.length === 0 ? 0 : 1;
