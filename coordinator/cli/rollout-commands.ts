// The commands about rollouts.
import type { Command } from 'commander';
import { withConnection } from './connection.ts';
import type { CommandTools } from './program.ts';

export function rolloutCommands(rollout: Command, { sub, run }: CommandTools): void {
  const load = async () => await import('./commands/rollout.ts');
  withConnection(sub(rollout, 'status', 'where every host stands and why it waits; to the end'))
    .option('-w, --watch [follow]', '--watch=false looks once and returns at once', 'true')
    .option('--timeout <duration>', 'give up with exit code 124; 0 waits for ever', '0')
    .action(run(async () => (await load()).rolloutStatus));
  withConnection(sub(rollout, 'pause', 'let what is under way end, and begin nothing')).action(
    run(async () => (await load()).rolloutCommand('pause')),
  );
  withConnection(sub(rollout, 'resume', 'go on with a paused rollout')).action(
    run(async () => (await load()).rolloutCommand('resume')),
  );
  withConnection(
    sub(rollout, 'abort', 'end it: hosts it cordoned are given back, changed ones stay changed'),
  ).action(run(async () => (await load()).rolloutCommand('abort')));
  withConnection(
    sub(rollout, 'retry [name]', 'go on after a stop or an abort, or try one host again'),
  ).action(run(async () => (await load()).rolloutCommand('retry'), ['name']));
  withConnection(sub(rollout, 'history', 'rollouts that were'))
    .option('-o, --output <format>', 'table, wide, json, yaml or name', 'table')
    .action(run(async () => (await load()).rolloutHistory));
}
