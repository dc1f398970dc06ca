// `coordinator apply`
import type { CliIo } from '../cli-io.ts';
import { type Call, type ConnectionOptions, withPatience } from '../connection.ts';
import { readSpec, readTextFile } from './read-spec.ts';

interface ApplyOptions extends ConnectionOptions {
  readonly file: string;
  readonly lock?: string;
  readonly ignore?: readonly string[];
  readonly dryRun?: boolean;
}

/** Making a lock of official releases fetches them. */
const longestMs = 2 * 60 * 60 * 1000;

export async function apply(options: ApplyOptions, io: CliIo): Promise<undefined> {
  const { text, name, spec } = await readSpec(options.file, io);
  const lock = options.lock === undefined ? null : await readTextFile(options.lock, io);
  const dryRun = options.dryRun === true;
  // Asking again for the same is the same: what was stored before the answer was lost is `unchanged`.
  const work = async (call: Call): Promise<void> => {
    if (lock === null && spec.artifacts.source === 'official' && !dryRun) {
      io.err(
        'without --lock the coordinator makes the artifact lock itself: the first time it fetches about 1 GB\n',
      );
    }
    const request = {
      specYaml: text,
      dryRun,
      ignore: [...(options.ignore ?? [])],
      artifactLock: Buffer.from(lock ?? ''),
    };
    const reply = await call('Apply', request, { timeoutMs: longestMs });
    io.out(`cluster/${name} ${reply.result}${dryRun ? ' (dry run: nothing was changed)' : ''}\n`);
    for (const message of reply.messages) io.err(`${message}\n`);
    if (reply.result === 'created' && !dryRun) {
      io.err('next: coordinator join-material --pool POOL, and run what it prints on the hosts\n');
    }
  };
  await withPatience(options, io, { untilMs: null, work });
  return undefined;
}
