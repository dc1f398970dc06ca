// An image in containerd's store. A label says from which artifact it was imported, so that another archive
// under the same reference is noticed. It is written last: an image that has it is unpacked, and whole on
// the disk.

import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { commandsOf } from './command-unit.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

const LABEL = 'muster.artifact';

export const importImage: StepRunner<'import-image'> = {
  kind: 'import-image',
  title: ({ reference, namespace }) => `import image ${reference} into ${namespace}`,

  check: async (args, context) => {
    const { artifact, namespace, reference } = args;
    const whole = `name==${reference},labels."${LABEL}"==${artifact.sha256}`;
    const { stdout, stderr, exitCode } = await listed(whole, args, context);
    if (exitCode !== 0) {
      const why = `containerd does not list images: ${stderr.trim()}`;
      return { kind: 'needed', why };
    }
    if (stdout.split('\n').includes(reference)) return { kind: 'satisfied' };
    return {
      kind: 'needed',
      why: `${namespace} has no ${reference} of ${artifact.name} ${artifact.version}`,
    };
  },

  apply: async (args, context) => {
    const { artifact, namespace, reference } = args;
    const archive = await context.artifact(artifact);
    const images = ['ctr', '-n', namespace, 'images'];
    const change = commandsOf(context);
    // --local: without it the archive takes a detour through containerd's transfer service, which
    // costs two and a half times the processor time. --sync-fs: containerd writes at once that it has
    // unpacked an image, and its files only when the kernel gets to it; after a power cut in between they
    // would be empty, and neither the kubelet nor another import would unpack them again.
    await change([...images, 'import', '--local', '--sync-fs', archive]);
    const { stdout } = await listed(`name==${reference}`, args, context);
    if (!stdout.split('\n').includes(reference)) {
      throw new AppError(
        'artifact',
        `${artifact.name} ${artifact.version} holds no image named ${reference}: the artifact lock names another archive than the plan was made for`,
      );
    }
    // Not with the import: containerd has the image, with its labels, before it begins to unpack it.
    await change([...images, 'label', reference, labelOf(args)]);
    return {};
  },

  // That the label could be written was the proof.
  verify: async () => {},
};

const labelOf = ({ artifact }: StepArgs['import-image']): string => `${LABEL}=${artifact.sha256}`;

async function listed(
  filter: string,
  { namespace }: StepArgs['import-image'],
  context: StepContext,
) {
  return await context.host.read(['ctr', '-n', namespace, 'images', 'ls', '-q', filter], {
    signal: context.signal,
    timeoutMs: 30_000,
  });
}
