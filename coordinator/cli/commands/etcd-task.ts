// `coordinator etcd snapshot` and `coordinator etcd defragment`: asks, and follows to the end.
import { randomBytes } from 'node:crypto';
import { formatAge } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import type { CliIo } from '../cli-io.ts';
import { type Call, type ConnectionOptions, withPatience } from '../connection.ts';
import { parseDuration } from '../duration.ts';
import { exitCode } from '../exit-codes.ts';

interface TaskOptions extends ConnectionOptions {
  readonly timeout: string;
}

const names = { snapshot: 'snapshot', defragment: 'defragmentation' } as const;

export const etcdTask =
  (task: keyof typeof names) =>
  async (options: TaskOptions, io: CliIo): Promise<number | undefined> => {
    const timeoutMs = parseDuration(options.timeout, '--timeout');
    const untilMs = io.clock.boot() + timeoutMs;
    const runId = `cli-${randomBytes(4).toString('hex')}`;
    const work = async (call: Call): Promise<number | undefined> => {
      let said = '';
      for (;;) {
        const { pending, done, lines } = await call('EtcdTask', { task, runId });
        if (!pending) {
          for (const line of lines) io.out(`${line}\n`);
          if (!done) io.err(`the ${names[task]} failed\n`);
          return done ? undefined : exitCode.failed;
        }
        const [text = ''] = lines;
        if (text !== said) io.err(`waits for ${text}\n`);
        said = text;
        if (io.clock.boot() < untilMs) continue;
        throw new AppError(
          'timeout',
          `the ${names[task]} did not end within ${formatAge(timeoutMs)}: it waits for ${text}`,
        );
      }
    };
    return await withPatience(options, io, { untilMs, work });
  };
