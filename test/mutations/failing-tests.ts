// Runs test files of a tree and tells which of their tests fail, by name. A file that cannot even be
// loaded counts as nothing caught: a mutation has to leave code that runs.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tryRun } from '../lab/run.ts';

interface Report {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** @throws Error when a file does not run at all. */
export async function failingTests(
  folder: string,
  tests: readonly string[],
): Promise<readonly string[]> {
  const file = join(folder, 'dist', 'report.json');
  await rm(file, { force: true });
  const argv = [
    join(folder, 'node_modules/.bin/vitest'),
    'run',
    '--config',
    'test/vitest.config.ts',
    '--project',
    'unit',
    '--project',
    'property',
    '--reporter=json',
    `--outputFile=${file}`,
    ...tests,
  ];
  // What an outer run of vitest tells its workers is not for this one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined &&
        !/^(VITEST|NODE_OPTIONS|NODE_ENV|TEST$|DEV$|PROD$|MODE$)/.test(entry[0]),
    ),
  );
  const { stdout, stderr } = await tryRun(argv, { cwd: folder, env, timeoutMs: 900_000 });
  const report = await readReport(file, `${stdout}${stderr}`);
  const unloaded = report.testResults.find((result) => result.assertionResults.length === 0);
  if (unloaded !== undefined || report.numTotalTests === 0) {
    throw new Error(
      `${unloaded?.name ?? tests.join(', ')} did not run: ${unloaded?.message ?? 'no such test'}`,
    );
  }
  return report.testResults
    .flatMap((result) => result.assertionResults)
    .filter((result) => result.status === 'failed')
    .map((result) => result.fullName.trim());
}

async function readReport(file: string, output: string): Promise<Report> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Report;
  } catch (cause) {
    throw new Error(`vitest wrote no report: ${output.slice(-1000)}`, { cause });
  }
}
