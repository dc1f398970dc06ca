// The commands about one node: what may become of its identity, and whether pods run on it.
import type { Command } from 'commander';
import { withConnection } from './connection.ts';
import type { CommandTools } from './program.ts';

export function nodeCommands(node: Command, { sub, run }: CommandTools): void {
  const changes = [
    ['approve', 'unlock it, let it come back, or let a host join that looks like another'],
    ['evict', 'end what its agent may do; it may join again with a new token'],
    ['ban', 'end what its agent may do; neither its key nor its machine may join again'],
    ['remove', 'take a spare, a host that never joined or a worker that is gone out of the fleet'],
  ] as const;
  for (const [action, description] of changes) {
    withConnection(sub(node, `${action} <name>`, description))
      .option('--yes', 'also what takes something away')
      .option('--dry-run', 'say what would be done, change nothing')
      .action(run(async () => (await import('./commands/node.ts')).nodeCommand(action), ['name']));
  }

  const load = async () => await import('./commands/cordon.ts');
  withConnection(sub(node, 'cordon <name>', 'keep new pods off it; those that run go on'))
    .option('--timeout <duration>', 'give up with exit code 124', '5m')
    .option('--no-wait', 'ask for it and return')
    .action(run(async () => (await load()).cordonCommand('cordon'), ['name']));
  withConnection(sub(node, 'uncordon <name>', 'let pods come to it again; ends a drain'))
    .option('--timeout <duration>', 'give up with exit code 124', '5m')
    .option('--no-wait', 'ask for it and return')
    .action(run(async () => (await load()).cordonCommand('uncordon'), ['name']));
  withConnection(
    sub(node, 'drain <name>', 'cordon it, and have its pods end as disruption budgets allow'),
  )
    .option('--timeout <duration>', 'leave it cordoned and end with exit code 124', '10m')
    .option('--grace <duration>', 'time for a pod to end; 0: none (default: its own)')
    .option('--delete-emptydir-data', 'also pods whose emptyDir data is lost')
    .option('--force', 'also pods that no controller would make again')
    .option('--disable-eviction', 'delete pods, asking no disruption budget')
    .option('--no-wait', 'ask for it and return')
    .action(run(async () => (await load()).cordonCommand('drain'), ['name']));
}
