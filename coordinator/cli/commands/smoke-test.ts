// `coordinator smoke-test`
import { randomBytes } from 'node:crypto';
import { formatAge } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import type { CliIo } from '../cli-io.ts';
import { type Call, type ConnectionOptions, withPatience } from '../connection.ts';
import { parseDuration } from '../duration.ts';
import { exitCode } from '../exit-codes.ts';

interface SmokeTestOptions extends ConnectionOptions {
  readonly timeout: string;
}

export async function smokeTest(options: SmokeTestOptions, io: CliIo): Promise<number | undefined> {
  const timeoutMs = parseDuration(options.timeout, '--timeout');
  const until = io.clock.boot() + timeoutMs;
  const runId = `cli-${randomBytes(4).toString('hex')}`;
  const work = async (call: Call): Promise<number | undefined> => {
    let said = '';
    for (;;) {
      const reply = await call('SmokeTest', { runId });
      if (!reply.pending) {
        for (const line of reply.lines) io.out(`${line}\n`);
        io.err(reply.passed ? 'the smoke test passed\n' : 'the smoke test failed\n');
        return reply.passed ? undefined : exitCode.failed;
      }
      const text = reply.lines[0] ?? '';
      if (text !== said) io.err(`waits for ${text}\n`);
      said = text;
      if (io.clock.boot() >= until) {
        throw new AppError(
          'timeout',
          `the smoke test did not end within ${formatAge(timeoutMs)}: it waits for ${text}`,
        );
      }
    }
  };
  return await withPatience(options, io, { untilMs: until, work });
}
