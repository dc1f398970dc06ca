// Which file of a host, or object of the cluster, a step writes, and with what text.
import type { Step } from '../../shared/model/step.ts';

export interface StepFile {
  /** The argument that holds the text. */
  readonly argument: string;
  /** On the host; objects of the cluster have one below /applied. */
  readonly path: string;
  readonly text: string;
}

/** Null for a step that writes no text of its own. */
export function fileOf(step: Step): StepFile | null {
  switch (step.kind) {
    case 'write-file':
      return { argument: 'content', path: step.args.path, text: step.args.content };
    case 'manage-unit': {
      const { name, content } = step.args;
      if (content === null) return null;
      return { argument: 'content', path: `/etc/systemd/system/${name}`, text: content };
    }
    case 'apply-manifest':
      return {
        argument: 'manifest',
        path: `/applied/${step.args.name}.yaml`,
        text: step.args.manifest,
      };
    case 'load-kernel-modules': {
      const { modules, path } = step.args;
      return { argument: 'modules', path, text: modules.map((name) => `${name}\n`).join('') };
    }
    case 'set-sysctls': {
      const { values, path } = step.args;
      const lines = Object.entries(values).map(([name, value]) => `${name} = ${value}\n`);
      return { argument: 'values', path, text: lines.join('') };
    }
    default:
      return null;
  }
}
