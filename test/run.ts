// `npm test`: static checks, then every test, the real cluster and the host with a kernel of its own
// included. Says what it left out and why, and ends with one line of counts. Arguments go to vitest
// (`npm test -- --project unit`).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Counts, runVitest } from './vitest-run.ts';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules/.bin');
const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
const selection = process.argv.slice(2);
const wantsAll = selection.length === 0;
const wantsHosts = wantsAll && process.getuid?.() === 0;
const wantsGuest = wantsHosts && process.arch === 'x64';

function run(command: string, args: readonly string[]): boolean {
  const beganMs = Date.now();
  process.stdout.write(`\n$ ${command} ${args.join(' ')}\n`);
  const { status } = spawnSync(join(bin, command), args, { cwd: root, env, stdio: 'inherit' });
  process.stdout.write(
    `  ${status === 0 ? 'ok' : `exit ${status}`} in ${Math.round((Date.now() - beganMs) / 100) / 10} s\n`,
  );
  return status === 0;
}

const quick = ['--project', 'unit', '--project', 'property', '--project', 'simulation'];

/**
 * The tests of a host with a kernel of its own run beside all others: those wait for hosts most of the
 * time, and an emulated processor is what this one waits for. When all want the machine's, that one gets the
 * larger share: it does a tenth with it.
 */
async function runTests(): Promise<readonly Counts[]> {
  if (!wantsAll) return [await runVitest({ selection, output: 'shown' })];
  if (!wantsHosts) {
    process.stdout.write(
      'skipped: the e2e tests boot real hosts, and one with a kernel of its own, which needs root (sudo npm test)\n',
    );
    return [await runVitest({ selection: quick, output: 'shown' })];
  }
  if (!wantsGuest) {
    process.stdout.write('skipped: the host with a kernel of its own, which is made for x86_64\n');
  }
  return await Promise.all([
    ...(wantsGuest ? [runVitest({ selection: ['--project', 'guest'], output: 'kept' })] : []),
    runVitest({ selection: [...quick, '--project', 'e2e'], output: 'shown' }),
  ]);
}

const checks = [
  run('tsc', ['--noEmit']),
  run('biome', ['check', '--error-on-warnings', '.']),
  run('oxlint', ['--type-aware', '--deny-warnings']),
  run('knip', ['--no-progress']),
];

// On both cores, and nothing beside it: its figures are seconds.
if (wantsAll) checks.push(run('node', ['test/simulation/seeds.ts', '500']));

// Minutes on a new machine: before the tests, whose patience is for what they test.
if (wantsHosts) checks.push(run('node', ['test/lab/make-ready.ts']));

const counts = await runTests();
const sum = (of: (one: Counts) => number): number =>
  counts.reduce((total, one) => total + of(one), 0);
const failedChecks = checks.filter((isGreen) => !isGreen).length;
const failed = sum((one) => one.failed) + failedChecks;
const passed = sum((one) => one.passed) + checks.length - failedChecks;
const skipped = sum((one) => one.skipped);
process.stdout.write(
  `\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
