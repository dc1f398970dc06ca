// `coordinator logs [SUBJECT] [-f]`
import type { FeedLine } from '../../events/event-feed.ts';
import type { CliIo } from '../cli-io.ts';
import { type Call, type ConnectionOptions, withCoordinator, withPatience } from '../connection.ts';

interface LogsOptions extends ConnectionOptions {
  readonly subject?: string;
  readonly follow?: boolean;
}

export async function logs(options: LogsOptions, io: CliIo): Promise<undefined> {
  const subject = options.subject ?? '';
  const follow = options.follow === true;
  const work = async (call: Call): Promise<void> => {
    let after = 0;
    for (;;) {
      const reply = await call('Logs', { subject, after, follow });
      for (const bytes of reply.lines)
        io.out(formatLine(JSON.parse(bytes.toString('utf8')) as FeedLine));
      const isLast = reply.lines.length === 0;
      after = reply.next;
      if (isLast && !follow) return;
    }
  };
  if (follow) await withPatience(options, io, { untilMs: null, work });
  else await withCoordinator(options, io, work);
  return undefined;
}

function formatLine(line: FeedLine): string {
  const time = new Date(line.atMs).toISOString().replace('T', ' ').slice(0, 23);
  const subject = [line.node, line.planId, line.stepId].filter((part) => part !== null).join('/');
  const level = line.level === 'info' ? '' : ` ${line.level.toUpperCase()}`;
  return `${time}${level} ${subject === '' ? '' : `${subject}: `}${line.text}\n`;
}
