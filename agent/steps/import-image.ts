// An image in containerd's store. The label says from which artifact it was imported, so that another
// archive under the same reference is noticed.

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
    const { stdout, stderr, exitCode } = await listed(args, context);
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

  apply: async ({ artifact, namespace, reference }, context) => {
    const archive = await context.artifact(artifact);
    const label = `${LABEL}=${artifact.sha256}`;
    // --local: without it the archive takes a detour through containerd's transfer service, which
    // costs two and a half times the processor time. --sync-fs: containerd writes at once that it has an
    // image, and unpacked files only when the kernel gets to it; after a power cut in between they
    // would be empty, and neither the kubelet nor another import would unpack them again.
    const options = ['--local', '--sync-fs', '--label', label];
    await commandsOf(context)(['ctr', '-n', namespace, 'images', 'import', ...options, archive]);
    const result = await listed({ artifact, namespace, reference }, context);
    if (result.stdout.split('\n').includes(reference)) return {};
    throw new AppError(
      'artifact',
      `${artifact.name} ${artifact.version} holds no image named ${reference}: the artifact lock names another archive than the plan was made for`,
    );
  },

  // The listing at the end of apply was the proof.
  verify: async () => {},
};

async function listed(
  { artifact, namespace, reference }: StepArgs['import-image'],
  context: StepContext,
) {
  const filter = `name==${reference},labels."${LABEL}"==${artifact.sha256}`;
  return await context.host.read(['ctr', '-n', namespace, 'images', 'ls', '-q', filter], {
    signal: context.signal,
    timeoutMs: 30_000,
  });
}
