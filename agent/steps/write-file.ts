// A file with exactly this content and mode.
import type { StepRunner } from './step-runner.ts';

export const writeFile: StepRunner<'write-file'> = {
  kind: 'write-file',
  title: ({ path }) => `write ${path}`,

  check: async ({ path, content, mode }, { host }) => {
    const found = await host.stat(path);
    if (found === null) return { kind: 'needed', why: `${path} is not there` };
    if (found.kind !== 'file') return { kind: 'needed', why: `${path} is not a regular file` };
    if ((await host.readFile(path)) !== content) {
      return { kind: 'needed', why: `${path} has other content` };
    }
    if (found.mode !== mode) {
      const why = `${path} has mode 0${found.mode.toString(8)}, not 0${mode.toString(8)}`;
      return { kind: 'needed', why };
    }
    return { kind: 'satisfied' };
  },

  apply: async ({ path, content, mode }, { host }) => {
    await host.writeFile(path, content, mode);
    return {};
  },
};
