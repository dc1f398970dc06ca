// Live progress of an install: one row per host with its phase, what it does and why it waits. On a
// terminal the rows are redrawn in place; elsewhere a line is printed when something changes.
import { setTimeout as delay } from 'node:timers/promises';
import type { Fleet, FleetHost, NodeRow } from '../fleet.ts';
import { lastSmokeTest } from './installed-table.ts';
import { untilAnswered } from './patience.ts';

export interface Progress {
  /** Resolves once every host is ready and the smoke test passed. @throws Error when a host is held. */
  untilReady(): Promise<void>;
}

export interface ProgressOptions {
  readonly fleet: Fleet;
  readonly hosts: readonly FleetHost[];
  /** @default 20 minutes */
  readonly timeoutMs?: number;
}

const isTerminal = process.stderr.isTTY === true;

export function createProgress(options: ProgressOptions): Progress {
  const { fleet, hosts } = options;
  const beganMs = Date.now();
  const endMs = beganMs + (options.timeoutMs ?? 20 * 60_000);
  const shown = new Map<string, string>();
  let drawn = 0;

  function draw(rows: readonly NodeRow[]): void {
    const elapsed = ((Date.now() - beganMs) / 1000).toFixed(0).padStart(4);
    const lines = hosts.map((host) => {
      const row = rows.find((entry) => entry.name === host.name);
      const text = row === undefined ? 'booting' : `${row.phase.padEnd(10)} ${sentenceOf(row)}`;
      return { name: host.name, line: `${host.name.padEnd(6)} ${text.trimEnd()}` };
    });
    if (isTerminal) {
      const width = (process.stderr.columns ?? 120) - 1;
      if (drawn > 0) process.stderr.write(`\u001b[${drawn}A`);
      for (const { line } of lines)
        process.stderr.write(`\u001b[2K${`${elapsed} s  ${line}`.slice(0, width)}\n`);
      drawn = lines.length;
      return;
    }
    for (const { name, line } of lines) {
      if (shown.get(name) === line) continue;
      shown.set(name, line);
      process.stderr.write(`${elapsed} s  ${line}\n`);
    }
  }

  /** What is said stands above the rows that are drawn next. */
  function say(line: string): void {
    process.stderr.write(`${line}\n`);
    drawn = 0;
  }

  async function smokeTestPassed(): Promise<boolean> {
    return lastSmokeTest(await untilAnswered(fleet, fleet.plans, { say })) !== null;
  }

  return {
    untilReady: async () => {
      for (;;) {
        const rows = await untilAnswered(fleet, fleet.nodes, { say });
        draw(rows);
        const own = hosts.map((host) => rows.find((row) => row.name === host.name));
        const bad = own.find((row) => row?.phase === 'held' || row?.phase === 'left out');
        if (bad !== undefined) throw new Error(`${bad.name} ${sentenceOf(bad)}`);
        const areReady = own.every((row) => row?.phase === 'ready');
        if (areReady && (hosts.length < 2 || (await smokeTestPassed()))) return;
        if (Date.now() > endMs)
          throw new Error(
            `not ready after ${(Date.now() - beganMs) / 1000} s:\n${await fleet.must(['explain'])}`,
          );
        await delay(500);
      }
    },
  };
}

/** What the host works on, else why it waits. */
function sentenceOf(row: NodeRow): string {
  const plan = row.plans[0];
  const held = row.waits.find((wait) => wait.kind === 'held');
  if (held !== undefined) return held.for;
  if (plan !== undefined)
    return `${plan.goal} (${plan.doneSteps}/${plan.steps}) ${plan.step ?? ''}`;
  return row.waits[0]?.for ?? '';
}
