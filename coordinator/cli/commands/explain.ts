// `coordinator explain [NODE]`
import { formatAge } from '../../../shared/duration.ts';
import { plainLine } from '../../../shared/plain-text.ts';
import type { ClusterDocument } from '../../operator/documents.ts';
import type { ExplainLine } from '../../operator/explain.ts';
import type { CliIo } from '../cli-io.ts';
import { type Call, type ConnectionOptions, withCoordinator } from '../connection.ts';
import { formatSince } from '../health-text.ts';
import { fetchDocuments } from './fetch-documents.ts';

interface ExplainOptions extends ConnectionOptions {
  readonly node?: string;
}

export async function explain(options: ExplainOptions, io: CliIo): Promise<undefined> {
  await withCoordinator(options, io, async (call) => {
    const { hosts, measured, oldestMs, ...reply } = await call('Explain', {
      node: options.node ?? '',
    });
    const lines = reply.waits.map((bytes) => JSON.parse(bytes.toString('utf8')) as ExplainLine);
    // What an operator has to do something about comes first.
    const sorted = lines.toSorted((a, b) => Number(b.kind === 'held') - Number(a.kind === 'held'));
    for (const line of sorted) io.out(formatLine(line, io.clock.now()));
    if (options.node === undefined) await sayBackups(call, io);
    if (lines.length > 0) return;
    const subject = options.node ?? 'everything';
    // Said only of what somebody has just looked at, and with when: what broke since is not in it.
    const age = formatAge(Math.max(oldestMs, 1000));
    if (hosts > 0 && measured === hosts)
      io.out(`${subject} is as it should be, as measured at most ${age} ago: nothing waits\n`);
    else
      io.out(`nothing waits; ${measured} of ${hosts} hosts were measured within the last minute\n`);
  });
  return undefined;
}

/** Nothing waits for a backup that nobody has: it is said all the same. */
async function sayBackups(call: Call, io: CliIo): Promise<void> {
  const { documents } = await fetchDocuments<ClusterDocument>(call, 'clusters', '');
  for (const { name, backup } of documents)
    if (backup.note !== null) io.err(plainLine(`${name}: ${backup.note}`).concat('\n'));
}

export function formatLine(line: Omit<ExplainLine, 'code' | 'severity'>, now: number): string {
  const held = line.kind === 'held' ? ' (needs you)' : '';
  const what = plainLine(`${line.subject} ${line.for}`);
  const end = plainLine(`${formatSince(line.sinceMs, now)}ends when ${line.endsWhen}`);
  return `${what}${held}\n  ${end}\n`;
}
