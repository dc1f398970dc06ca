// A coordinator of a test, as a process: serves a data directory like `coordinator serve`, but takes the
// ends of certificates for some days nearer. Ends when its stdin is closed.
//   node test/support/serve-ahead.ts DATA-DIRECTORY DAYS
import { serve } from '../../coordinator/serve.ts';
import { createLogger } from '../../shared/log.ts';

const [dataDir = '', days = '0'] = process.argv.slice(2);
const aheadMs = Number(days) * 24 * 3_600_000;
const stopping = new AbortController();
const running = await serve({
  dataDir,
  agentBinaries: {},
  log: createLogger('warn', { program: 'coordinator', version: 'test' }),
  signal: stopping.signal,
  certificateClock: { now: () => Date.now() + aheadMs },
});
process.stdout.write('serves\n');
process.stdin.resume();
process.stdin.once('end', () => {
  stopping.abort();
  void running.stop();
});
