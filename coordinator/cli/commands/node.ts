// `coordinator node approve|evict|ban|remove NAME`
import type { NodeAction } from '../../identity/judge-node-change.ts';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, withCoordinator } from '../connection.ts';

interface NodeOptions extends ConnectionOptions {
  readonly name: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

export const nodeCommand =
  (action: NodeAction) =>
  async ({ name, yes, dryRun, ...options }: NodeOptions, io: CliIo): Promise<undefined> => {
    await withCoordinator(options, io, async (call) => {
      const request = { action, name, dryRun: dryRun === true, confirmed: yes === true };
      const { messages } = await call('ChangeNode', request);
      const [what = '', ...notes] = messages;
      io.out(`${what}\n`);
      for (const note of notes) io.err(`${note}\n`);
    });
    return undefined;
  };
