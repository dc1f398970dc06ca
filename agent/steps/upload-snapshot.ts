// A sealed snapshot on its way to the coordinator, which keeps what it has of a try that was cut off.
import { AppError } from '../../shared/errors.ts';
import type { StepRunner } from './step-runner.ts';

export const uploadSnapshot: StepRunner<'upload-snapshot'> = {
  kind: 'upload-snapshot',
  title: ({ id }) => `copy the sealed snapshot ${id} to the coordinator`,

  check: async () => ({ kind: 'needed', why: 'only the coordinator knows whether it has it' }),

  apply: async ({ path, sha256, bytes }, context) => {
    const seen = (await context.host.stat(path))?.size ?? null;
    if (seen !== bytes) {
      const found = seen === null ? 'it is not there' : `it has ${seen} bytes`;
      throw new AppError(
        'conflict',
        `${path} is not the file that the plan names (${bytes} bytes): ${found}`,
      );
    }
    await context.upload({ path, sha256, bytes });
    return {};
  },

  // The coordinator compared the digest of all that it has.
  verify: async () => {},
};
