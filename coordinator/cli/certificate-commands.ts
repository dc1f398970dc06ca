// The commands about certificates.
import type { Command } from 'commander';
import { withConnection } from './connection.ts';
import type { CommandTools } from './program.ts';

export function certificateCommands(certificates: Command, { sub, run }: CommandTools): void {
  const load = async () => await import('./commands/certificates.ts');
  withConnection(
    sub(
      certificates,
      'check [name]',
      'when each ends, in its file and as it is served, the first first; exit code 1 when one has ended or ends within 30 days',
    ),
  )
    .option('-o, --output <format>', 'table, wide, json, yaml or name', 'table')
    .action(run(async () => (await load()).checkCertificates, ['name']));
  withConnection(sub(certificates, 'renew [name]', 'make those of a master anew now; to the end'))
    .option('--all', 'of every master, one after the other')
    .option('--timeout <duration>', 'give up waiting with exit code 124', '30m')
    .action(run(async () => (await load()).renewCertificates, ['name']));
}
