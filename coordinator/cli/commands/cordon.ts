// `coordinator node cordon|drain|uncordon NAME`: asks once, and follows until it is over. What is waited
// for goes to standard error as it changes, what came of it to standard output.
import { randomBytes } from 'node:crypto';
import { formatAge } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import type { CliIo } from '../cli-io.ts';
import { type Call, type ConnectionOptions, withPatience } from '../connection.ts';
import { parseDuration } from '../duration.ts';
import { exitCode } from '../exit-codes.ts';

interface CordonOptions extends ConnectionOptions {
  readonly name: string;
  readonly timeout: string;
  readonly grace?: string;
  readonly deleteEmptydirData?: boolean;
  readonly force?: boolean;
  readonly disableEviction?: boolean;
  /** False with --no-wait. */
  readonly wait: boolean;
}

type Action = 'cordon' | 'drain' | 'uncordon';

/** The coordinator judges a drain's own limit; it has to be heard of. */
const afterMs = 60_000;

export const cordonCommand =
  (action: Action) =>
  async (options: CordonOptions, io: CliIo): Promise<number | undefined> => {
    const timeoutMs = parseDuration(options.timeout, '--timeout');
    const untilMs = io.clock.boot() + timeoutMs + (action === 'drain' ? afterMs : 0);
    const request = requestFor(action, options, timeoutMs);
    const work = async (call: Call): Promise<number | undefined> => {
      let known = '';
      for (;;) {
        const { state, lines } = await call('CordonNode', { ...request, known });
        const [first = '', ...others] = lines;
        if (state === 'done') {
          io.out(`${first}\n`);
          return undefined;
        }
        if (state === 'failed') {
          io.err(`${first}\n`);
          return exitCode.failed;
        }
        if (state === 'overdue') {
          throw new AppError('timeout', [first, ...others, wayOut(options.name)].join('\n  '));
        }
        const text = lines.join('\n');
        if (text !== known) io.err(`${[first, ...others].join('\n  ')}\n`);
        known = text;
        if (!options.wait) {
          io.out(`${action} of ${options.name} is under way\n`);
          return undefined;
        }
        if (io.clock.boot() >= untilMs) {
          throw new AppError(
            'timeout',
            `${action} of ${options.name} did not end within ${formatAge(timeoutMs)}: ${first}`,
          );
        }
      }
    };
    return await withPatience(options, io, { untilMs, work });
  };

const wayOut = (name: string): string =>
  `mend what holds them and drain it again, or give it back: coordinator node uncordon ${name}`;

function requestFor(action: Action, options: CordonOptions, timeoutMs: number) {
  // 0 as kubectl has it: at once.
  const { grace } = options;
  const graceMs = grace === undefined || grace === '0' ? 0 : parseDuration(grace, '--grace');
  return {
    requestId: `cli-${randomBytes(8).toString('hex')}`,
    action,
    name: options.name,
    timeoutSeconds: Math.ceil(timeoutMs / 1_000),
    hasGrace: grace !== undefined,
    graceSeconds: Math.ceil(graceMs / 1_000),
    deleteEmptyDirData: options.deleteEmptydirData === true,
    evictUnmanaged: options.force === true,
    disableEviction: options.disableEviction === true,
  };
}
