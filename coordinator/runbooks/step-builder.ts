// Steps with the defaults of their kind filled in (shared/model/step-kinds.ts), so that a runbook reads
// as the list it is.
import { asStepId } from '../../shared/model/ids.ts';
import type { Stage } from '../../shared/model/plan.ts';
import type { Step, StepArgs, StepKind } from '../../shared/model/step.ts';
import { stepKinds } from '../../shared/model/step-kinds.ts';
import type { Materials } from '../components/materials.ts';
import { checkStep } from '../render/check-step.ts';
import { paths } from '../render/paths.ts';

/** A disrupting step waits rather than act on an answer older than this. */
const beginWithinSeconds = 30;

export function step<K extends StepKind>(id: string, kind: K, args: StepArgs[K]): Step {
  checkStep(id, kind, args);
  const { effects, timeoutSeconds, onStop } = stepKinds[kind];
  // The mapped union cannot be rebuilt from a generic kind; kind and args belong together by the signature.
  return {
    id: asStepId(id),
    kind,
    args,
    effect: effects[0],
    timeoutSeconds,
    onStop,
    beginWithinSeconds: null,
  } as unknown as Step;
}

/** The same step, where others may notice it: it is gated by the coordinator's last answer. */
export const disruptive = (calm: Step): Step => ({
  ...calm,
  effect: 'disrupt',
  beginWithinSeconds,
});

export const stage = (title: string, ...steps: readonly Step[]): Stage => ({ title, steps });

/** An artifact that is one binary, under its own name. */
export const installBinary = (materials: Materials, name: string): Step =>
  step(`install-${name}`, 'install-binary', {
    artifact: materials.reference(name),
    path: `${paths.binaries}/${name}`,
  });

/** A file of settings that everybody may read. */
export const writeConfig = (id: string, path: string, content: string): Step =>
  step(id, 'write-file', { path, content, mode: 0o644 });

/** @param image `image-NAME` @param namespace of containerd: k8s.io for pods, muster for our own units */
export const importImage = (image: string, namespace: string, materials: Materials): Step =>
  step(`import-${image.replace('image-', '')}`, 'import-image', {
    artifact: materials.reference(image),
    namespace,
    reference: materials.image(image),
  });
