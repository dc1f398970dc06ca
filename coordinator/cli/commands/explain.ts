// `coordinator explain [NODE]`
import type { ShownWait as Wait } from '../../operator/wait-sentences.ts';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, withCoordinator } from '../connection.ts';
import { formatAge } from '../duration.ts';

interface ExplainOptions extends ConnectionOptions {
  readonly node?: string;
}

export async function explain(options: ExplainOptions, io: CliIo): Promise<undefined> {
  await withCoordinator(options, io, async (call) => {
    const reply = await call('Explain', { node: options.node ?? '' });
    const waits = reply.waits.map((bytes) => JSON.parse(bytes.toString('utf8')) as Wait);
    // What an operator has to do something about comes first.
    const sorted = waits.toSorted((a, b) => Number(b.kind === 'held') - Number(a.kind === 'held'));
    for (const wait of sorted) io.out(formatWait(wait, io.clock.now()));
    if (waits.length === 0)
      io.out(`${options.node ?? 'everything'} is as it should be: nothing waits\n`);
  });
  return undefined;
}

export function formatWait(wait: Wait, now: number): string {
  const held = wait.kind === 'held' ? ' (needs you)' : '';
  return `${wait.subject} ${wait.for}${held}\n  since ${formatAge(now - wait.sinceMs)}; ends when ${wait.endsWhen}\n`;
}
