// One run of vitest as a process of its own, with the counts that it reports. Its output goes to the
// terminal, or is kept until it has ended, for one that runs beside another.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules/.bin');

export interface Counts {
  readonly passed: number;
  /** At least one when vitest did not end well: a suite that cannot be loaded fails no test of its own. */
  readonly failed: number;
  readonly skipped: number;
}

export interface VitestRun {
  /** For example ['--project', 'unit']. */
  readonly selection: readonly string[];
  /** Of the terminal that is shared; at the end of the run when it is kept. */
  readonly output: 'shown' | 'kept';
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

export async function runVitest({ selection, output }: VitestRun): Promise<Counts> {
  const beganMs = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
  const file = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const args = ['run', '--config', 'test/vitest.config.ts', ...reporters, ...selection];
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const out = output === 'shown' ? 'inherit' : 'pipe';
  const title = `\n$ vitest ${args.join(' ')}\n`;
  if (output === 'shown') process.stdout.write(title);
  const vitest = spawn(join(bin, 'vitest'), args, { cwd: root, env, stdio: ['ignore', out, out] });
  const kept: Buffer[] = [];
  for (const stream of [vitest.stdout, vitest.stderr]) {
    stream?.on('data', (bytes: Buffer) => void kept.push(bytes));
  }
  const [status]: readonly unknown[] = await once(vitest, 'close');
  const seconds = ((Date.now() - beganMs) / 1000).toFixed(1);
  if (output === 'kept') process.stdout.write(`${title}${Buffer.concat(kept).toString()}`);
  process.stdout.write(`  ${status === 0 ? 'ok' : `exit ${String(status)}`} in ${seconds} s\n`);
  // There is none when vitest itself could not begin: it has said why.
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : undefined;
  rmSync(folder, { recursive: true, force: true });
  return {
    passed: report?.numPassedTests ?? 0,
    failed: Math.max(report?.numFailedTests ?? 0, status === 0 ? 0 : 1),
    skipped: report?.numPendingTests ?? 0,
  };
}
