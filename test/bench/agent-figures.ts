// What an agent costs while nothing happens: size, memory, CPU, processes started by its polls.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fleet } from '../lab/fleet.ts';
import { run } from '../lab/run.ts';

const idleSeconds = 30;

export async function agentFigures(
  fleet: Fleet,
  host: string,
): Promise<Readonly<Record<string, number>>> {
  const binary = join(import.meta.dirname, '../../dist/muster-agent');
  const { size } = await stat(binary);
  const compressed = await run(['sh', '-c', 'xz -9 -T2 -c "$0" | wc -c', binary]);
  const text = async (script: string): Promise<string> =>
    (await fleet.lab.exec(host, ['sh', '-c', script])).stdout.trim();
  const pid = await text('systemctl show -p MainPID --value muster-agent');
  const ticks = async (): Promise<number> =>
    Number(await text(`awk '{print $14+$15}' /proc/${pid}/stat`));
  const forks = async (): Promise<number> =>
    Number(await text(`awk '{print $16+$17}' /proc/${pid}/stat`));
  const before = { ticks: await ticks(), children: await forks() };
  await delay(idleSeconds * 1000);
  const after = { ticks: await ticks(), children: await forks() };
  const rss = Number(await text(`awk '/^VmRSS/{print $2}' /proc/${pid}/status`));
  const anonymous = Number(await text(`awk '/^RssAnon/{print $2}' /proc/${pid}/status`));
  const connect = await fleet.lab.exec(host, [
    'journalctl',
    '-u',
    'muster-agent',
    '-o',
    'cat',
    '--no-pager',
  ]);
  return {
    'file, MB': round(size / 1e6),
    'download (xz), MB': round(Number(compressed.trim()) / 1e6),
    'idle memory, MB': round(rss / 1024),
    'of it anonymous, MB': round(anonymous / 1024),
    'idle CPU, % of a core': round((after.ticks - before.ticks) / idleSeconds),
    [`CPU of child processes in ${idleSeconds} s, ticks`]: after.children - before.children,
    'exec to connected, ms': connectedMs(connect.stdout),
  };
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** From the agent's own log: the newest "connected" line tells how long it took since exec. */
function connectedMs(journal: string): number {
  const found = [...journal.matchAll(/"sinceExecMs":(\d+)/g)].at(-1);
  return found === undefined ? Number.NaN : Number(found[1]);
}
