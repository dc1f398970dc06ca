// What an honest join and an honest poll take while nobody else calls, and while everybody does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dataPaths } from '../../../coordinator/keys/paths.ts';
import { toAppError } from '../../../shared/errors.ts';
import { joinNode, joinOnce, type TestNode } from '../../support/test-node.ts';
import type { CoordinatorProcess } from './coordinator-process.ts';

/** Milliseconds: the median, and the slowest but one of twenty. */
export interface Took {
  readonly median: number;
  readonly slow: number;
  readonly count: number;
}

export interface Minute {
  readonly quiet: { readonly join: Took; readonly poll: Took };
  readonly hostile: { readonly join: Took; readonly poll: Took };
  /** What the flood tried. */
  readonly tried: string;
}

const flood = join(import.meta.dirname, 'flood.ts');

export async function measureMinute(
  coordinator: CoordinatorProcess,
  seconds: number,
): Promise<Minute> {
  const token = await coordinator.token(240);
  const node = await joinNode(coordinator, { token, name: 'h1', number: 1 });
  const honest = { coordinator, token, node, next: 2 };
  const quiet = await measure(honest, Math.max(5, seconds / 4));
  const child = spawn(
    process.execPath,
    [
      flood,
      String(coordinator.grpcPort),
      dataPaths(coordinator.dataDir).fleetCaCertificate,
      token.split('.')[0] ?? '',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let tried = '';
  child.stdout.on('data', (part: Buffer) => {
    tried += part.toString();
  });
  // It has connections and is at it.
  await once(child.stdout, 'data');
  await pause(1_000);
  const hostile = await measure(honest, seconds);
  child.kill('SIGTERM');
  await once(child, 'close');
  node.close();
  return { quiet, hostile, tried: tried.replace('ready', '').trim() };
}

interface Honest {
  readonly coordinator: CoordinatorProcess;
  readonly token: string;
  readonly node: TestNode;
  next: number;
}

async function measure(honest: Honest, seconds: number): Promise<Minute['quiet']> {
  const endMs = Date.now() + seconds * 1000;
  const joins: number[] = [];
  const polls: number[] = [];
  const timed = async (into: number[], work: () => Promise<unknown>): Promise<void> => {
    const began = performance.now();
    await work();
    into.push(performance.now() - began);
  };
  const joining = async (): Promise<void> => {
    while (Date.now() < endMs && honest.next < 240) {
      const number = honest.next;
      honest.next += 1;
      const attempt = { token: honest.token, name: `h${String(number)}`, number };
      await timed(joins, () => joinAsAgents(() => joinOnce(honest.coordinator, attempt)));
      await pause(400);
    }
  };
  const polling = async (): Promise<void> => {
    while (Date.now() < endMs) {
      await timed(polls, () => honest.node.poll());
      await pause(150);
    }
  };
  await Promise.all([joining(), polling()]);
  return { join: tookOf(joins), poll: tookOf(polls) };
}

/** What was cut off is tried again after half a second, as agents do. */
async function joinAsAgents(join: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await join();
      return;
    } catch (thrown) {
      if (!toAppError(thrown).retryable) throw thrown;
      await pause(500);
    }
  }
}

function tookOf(times: readonly number[]): Took {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
  return { median: at(0.5), slow: at(0.95), count: times.length };
}
