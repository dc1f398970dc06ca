// The single-file programs that lab hosts run, built when their inputs changed.
import { join } from 'node:path';
import { run } from './run.ts';

export interface Binaries {
  readonly agent: string;
}

export async function buildBinaries(log: (line: string) => void): Promise<Binaries> {
  const root = join(import.meta.dirname, '../..');
  log('building dist/muster-agent');
  await run([process.execPath, join(root, 'scripts/build.ts'), '--only', 'agent'], { cwd: root });
  return { agent: join(root, 'dist/muster-agent') };
}
