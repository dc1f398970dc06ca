// `npm test`: static checks, then every test, the real cluster included. Says what it skipped and
// why, and ends with one line of counts. Arguments go to vitest (`npm test -- --project unit`).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules/.bin');
const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
const selection = process.argv.slice(2);
const wantsReal = selection.length === 0;
const isRoot = process.getuid?.() === 0;

function run(command: string, args: readonly string[]): boolean {
  const beganMs = Date.now();
  process.stdout.write(`\n$ ${command} ${args.join(' ')}\n`);
  const { status } = spawnSync(join(bin, command), args, { cwd: root, env, stdio: 'inherit' });
  process.stdout.write(
    `  ${status === 0 ? 'ok' : `exit ${status}`} in ${Math.round((Date.now() - beganMs) / 100) / 10} s\n`,
  );
  return status === 0;
}

/** Tests of real hosts need root; without it they are left out, and that is said. */
function projects(): readonly string[] {
  if (!wantsReal) return selection;
  const quick = ['--project', 'unit', '--project', 'property', '--project', 'simulation'];
  const left =
    'left out: the host with a kernel of its own, half an hour (npm run test:guest); changes of a cluster of five hosts, eight minutes (npm run test:upgrade)\n';
  if (isRoot) {
    process.stdout.write(left);
    return [...quick, '--project', 'e2e'];
  }
  process.stdout.write(
    `skipped: the e2e tests boot real hosts, which needs root (sudo npm test)\n${left}`,
  );
  return quick;
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

const checks = [
  run('tsc', ['--noEmit']),
  run('biome', ['check', '--error-on-warnings', '.']),
  run('oxlint', ['--type-aware', '--deny-warnings']),
  run('knip', ['--no-progress']),
];

// On both cores, and nothing beside it: its figures are seconds.
if (wantsReal) checks.push(run('node', ['test/simulation/seeds.ts', '500']));

// Minutes on a new machine: before the tests, whose patience is for what they test.
if (wantsReal && isRoot) checks.push(run('node', ['test/lab/make-ready.ts']));

const folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
const file = join(folder, 'report.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
const isGreen = run('vitest', [
  'run',
  '--config',
  'test/vitest.config.ts',
  ...reporters,
  ...projects(),
]);
const nothing: Report = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
// There is none when vitest itself could not begin: it has said why.
const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : nothing;
rmSync(folder, { recursive: true, force: true });

const failedChecks = checks.filter((passed) => !passed).length;
// A suite that cannot be loaded fails no test of its own; it must not look green.
const failed = Math.max(report.numFailedTests, isGreen ? 0 : 1) + failedChecks;
const passed = report.numPassedTests + checks.length - failedChecks;
const skipped = report.numPendingTests > 0 ? `, ${report.numPendingTests} skipped` : '';
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped}\n`);
process.exitCode = failed === 0 && isGreen ? 0 : 1;
