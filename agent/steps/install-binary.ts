// One program, byte for byte the artifact, executable.
import { AppError } from '../../shared/errors.ts';
import type { StepRunner } from './step-runner.ts';

const MODE = 0o755;

export const installBinary: StepRunner<'install-binary'> = {
  kind: 'install-binary',
  title: ({ artifact, path }) => `install ${artifact.name} ${artifact.version} as ${path}`,

  check: async ({ artifact, path }, { host }) => {
    const found = await host.stat(path);
    if (found === null) return { kind: 'needed', why: `${path} is not there` };
    if (found.kind !== 'file' || found.size !== artifact.size) {
      return { kind: 'needed', why: `${path} is not ${artifact.name} ${artifact.version}` };
    }
    if ((await host.sha256(path)) !== artifact.sha256) {
      return { kind: 'needed', why: `${path} has another sha256` };
    }
    if (found.mode !== MODE) return { kind: 'needed', why: `${path} is not executable for all` };
    return { kind: 'satisfied' };
  },

  apply: async ({ artifact, path }, context) => {
    await context.host.installFile(await context.artifact(artifact), path, MODE);
    return {};
  },

  // The store hashed every byte, and the file was put in place whole: hashing 90 MB once more would
  // be the dearest part of the step.
  verify: async ({ artifact, path }, { host }) => {
    const found = await host.stat(path);
    if (found?.kind === 'file' && found.size === artifact.size && found.mode === MODE) return;
    throw new AppError(
      'outcome-unknown',
      `${path} is not what was just installed: somebody else writes it`,
      {
        retryable: true,
      },
    );
  },
};
