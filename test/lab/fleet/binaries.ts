// The single-file programs that a lab runs, agent and coordinator as they are given out: built when
// something that goes into them has changed.
import { join } from 'node:path';
import { buildProgram } from '../../../scripts/build-program.ts';
import { programs } from '../../../scripts/programs.ts';
import { NotFoundError } from '../caller-error.ts';
import { exists } from '../machine/exists.ts';

export interface Binaries {
  readonly agent: string;
  readonly coordinator: string;
}

export async function buildBinaries(log: (line: string) => void): Promise<Binaries> {
  const built = async ({ name }: { readonly name: keyof Binaries }): Promise<string> => {
    const beganMs = Date.now();
    const { path, made } = await buildProgram(programs[name], log);
    if (made !== null) log(`${path} built in ${((Date.now() - beganMs) / 1000).toFixed(1)} s`);
    return path;
  };
  return {
    agent: await built(programs.agent),
    coordinator: await built(programs.coordinator),
  };
}

/** The coordinator's program as the last start built it, for commands that must not take long. */
export async function builtCoordinator(): Promise<string> {
  const path = join(import.meta.dirname, '../../../dist', programs.coordinator.output);
  if (await exists(path)) return path;
  throw new NotFoundError(`there is no ${path}: npm run build makes it`);
}
