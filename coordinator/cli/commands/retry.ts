// `coordinator retry [NODE]`
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, withCoordinator } from '../connection.ts';

interface RetryOptions extends ConnectionOptions {
  readonly node?: string;
}

export async function retry(options: RetryOptions, io: CliIo): Promise<undefined> {
  await withCoordinator(options, io, async (call) => {
    await call('Retry', { node: options.node ?? '' });
    io.out(`${options.node ?? 'everything that was held'} is tried again\n`);
    io.err(
      'holds of the whole cluster are released and attempts are counted anew; `coordinator explain` shows what comes of it\n',
    );
  });
  return undefined;
}
