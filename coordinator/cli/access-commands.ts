// The commands about who may call and who did: operator, login, context, audit.
import { type Command, Option } from 'commander';
import { operatorRoles } from '../store/records.ts';
import { withConnection } from './connection.ts';
import type { CommandTools } from './program.ts';

export function accessCommands(program: Command, { sub, run }: CommandTools): void {
  const operator = sub(program, 'operator', 'who may call this coordinator from elsewhere');
  const load = async () => await import('./commands/operator.ts');
  withConnection(
    sub(operator, 'add <name>', 'let somebody in; prints a login token, once (on this host only)'),
  )
    .addOption(
      new Option('--role <role>', 'admin: everything; viewer: looks, and changes nothing')
        .choices([...operatorRoles])
        .default('viewer'),
    )
    .option('--ttl <duration>', 'how long the login token can be used, at most 24h', '1h')
    .option(
      '--certificate-ttl <duration>',
      'life of the certificate, at most 90d; renewed while it is used',
      '30d',
    )
    .action(run(async () => (await load()).addOperatorCommand, ['name']));
  withConnection(sub(operator, 'list', 'operators, their roles and certificates'))
    .option('-o, --output <format>', 'table, wide, json, yaml or name', 'table')
    .action(run(async () => (await load()).listOperators));
  withConnection(
    sub(operator, 'revoke <name>', 'end an operator’s certificate and open calls at once'),
  ).action(run(async () => (await load()).revokeOperatorCommand, ['name']));

  sub(program, 'login <address>', 'become an operator of a coordinator elsewhere')
    .option('--token-file <file>', 'the login token; - reads standard input')
    .option('--context <name>', 'name of the context to keep it in (default: from the address)')
    .action(run(async () => (await import('./commands/login.ts')).loginCommand, ['address']));

  const context = sub(program, 'context', 'coordinators that this user is logged in to');
  const loadContext = async () => await import('./commands/context.ts');
  sub(context, 'list', 'contexts; * is the one taken where none is named').action(
    run(async () => (await loadContext()).listContexts),
  );
  sub(context, 'use <name>', 'take it where none is named').action(
    run(async () => (await loadContext()).useContext, ['name']),
  );
  sub(context, 'remove <name>', 'forget it, key and all').action(
    run(async () => (await loadContext()).removeContext, ['name']),
  );

  const audit = sub(program, 'audit', 'what was done, by whom (on this host only)');
  const withLog = (command: Command): Command =>
    command
      .option('--data <dir>', 'data directory of the coordinator')
      .option('--file <file>', 'one file of an audit log, for example a copy');
  withLog(sub(audit, 'verify', 'read the whole log and check its chain'))
    .option('--head <seq:sha256>', 'a head that was noted before: the log has to contain it')
    .action(run(async () => (await import('./commands/audit-verify.ts')).auditVerify));
  withLog(sub(audit, 'show', 'lines of the log, oldest first'))
    .option('--since <duration>', 'no older ones')
    .option('--operator <name>', 'what this operator did')
    .option('--node <name>', 'what this node did, by name or id')
    .option('--event <event>', 'of this kind, for example join-refused')
    .option('--tail <n>', 'the newest n', '200')
    .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
    .action(run(async () => (await import('./commands/audit-show.ts')).auditShow));
}
