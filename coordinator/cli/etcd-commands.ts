// The commands about etcd and about the key that its snapshots are sealed to.
import type { Command } from 'commander';
import { withConnection } from './connection.ts';
import type { CommandTools } from './program.ts';

export function etcdCommands(program: Command, { sub, run }: CommandTools): void {
  const etcd = sub(program, 'etcd', 'the database of a cluster: its members and its snapshots');
  withConnection(sub(etcd, 'status', 'members, their databases, and when etcd was last saved'))
    .option('-o, --output <format>', 'table, wide, json, yaml or name', 'table')
    .action(run(async () => (await import('./commands/etcd-status.ts')).etcdStatus));

  const task = async () => await import('./commands/etcd-task.ts');
  const snapshot = withConnection(sub(etcd, 'snapshot', 'save etcd now; list and open snapshots'))
    .option('--timeout <duration>', 'give up with exit code 124', '10m')
    .action(run(async () => (await task()).etcdTask('snapshot')));
  withConnection(sub(snapshot, 'list', 'snapshots, where each lies and whether there is a copy'))
    .option('-o, --output <format>', 'table, wide, json, yaml or name', 'table')
    .action(run(async () => (await import('./commands/etcd-status.ts')).listSnapshots));
  sub(snapshot, 'open <file>', 'decrypt a copy with the recovery key; needs no coordinator')
    .requiredOption('--key <file>', 'the private half of the recovery key')
    .requiredOption('--out <dir>', 'where its files are put; may not be there yet')
    .action(run(async () => (await import('./commands/open-snapshot.ts')).openCommand, ['file']));

  withConnection(
    sub(etcd, 'defragment', 'give free pages back to the disk: one member at a time, leader last'),
  )
    .option('--timeout <duration>', 'give up with exit code 124', '30m')
    .action(run(async () => (await task()).etcdTask('defragment')));

  const key = sub(
    program,
    'recovery-key',
    'what snapshots are sealed to; its private half is yours',
  );
  const load = async () => await import('./commands/recovery-key.ts');
  withConnection(sub(key, 'create', 'make one: the private half is written here and nowhere else'))
    .requiredOption('--out <file>', 'where the private half is written, mode 0600')
    .option('--replace', 'also where there is another one')
    .action(run(async () => (await load()).createRecoveryKey));
  withConnection(sub(key, 'show', 'the fingerprint of the one in use')).action(
    run(async () => (await load()).showRecoveryKey),
  );
}
