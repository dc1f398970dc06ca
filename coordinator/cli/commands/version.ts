// `coordinator version`
import { AppError } from '../../../shared/errors.ts';
import { COORDINATOR_VERSION } from '../../version.ts';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, withCoordinator } from '../connection.ts';

/** Without a coordinator the program's own version is an answer too. */
export async function version(options: ConnectionOptions, io: CliIo): Promise<undefined> {
  io.out(`program      ${COORDINATOR_VERSION}\n`);
  try {
    await withCoordinator(options, io, async (call) => {
      const reply = await call('Version', {});
      io.out(`coordinator  ${reply.version}\nfleet        ${reply.fleet}\n`);
    });
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'unavailable') throw thrown;
    io.err(`${thrown.message}\n`);
  }
  return undefined;
}
