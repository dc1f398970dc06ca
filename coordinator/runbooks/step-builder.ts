// Steps with the defaults of their kind filled in: how long they may take, what a stop does to them,
// how disruptive they are. One table, so that a plan file reads as the runbook it is.
import { asStepId } from '../../shared/model/ids.ts';
import type { Stage } from '../../shared/model/plan.ts';
import type { Step, StepArgs, StepEffect, StepKind } from '../../shared/model/step.ts';
import { checkStep } from '../render/check-step.ts';

interface Defaults {
  readonly effect: StepEffect;
  readonly timeoutSeconds: number;
  readonly onStop: 'interrupt' | 'finish';
}

const change = (timeoutSeconds: number): Defaults => ({
  effect: 'change',
  timeoutSeconds,
  onStop: 'finish',
});
const read = (timeoutSeconds: number): Defaults => ({
  effect: 'read',
  timeoutSeconds,
  onStop: 'interrupt',
});
const disrupt = (timeoutSeconds: number): Defaults => ({
  effect: 'disrupt',
  timeoutSeconds,
  onStop: 'finish',
});

const defaults = {
  'disable-swap': change(120),
  'load-kernel-modules': change(60),
  'set-sysctls': change(60),
  'write-file': change(30),
  'remove-path': change(30),
  'fetch-artifact': { effect: 'change', timeoutSeconds: 1800, onStop: 'interrupt' },
  'install-binary': change(1800),
  'unpack-archive': change(1800),
  'import-image': change(1800),
  'manage-unit': change(180),
  // As long as the coordinator that signs it may be away.
  'request-certificate': change(600),
  'wait-etcd-healthy': read(300),
  'check-etcd-registry': read(60),
  'etcd-snapshot': change(300),
  'kubeadm-phase': change(300),
  'read-ca-digest': read(30),
  'create-join-credentials': change(60),
  'delete-join-credentials': change(60),
  'unseal-secret': change(30),
  'apply-manifest': change(120),
  'wait-node-ready': read(300),
  'wait-apiserver-ready': read(300),
  'wait-workload-ready': read(300),
  'issue-user-certificate': change(60),
  'smoke-test': change(300),
} as const satisfies Record<StepKind, Defaults>;

/** A disrupting step waits rather than act on an answer older than this. */
const beginWithinSeconds = 30;

export function step<K extends StepKind>(
  id: string,
  kind: K,
  args: StepArgs[K],
  overrides: Partial<Defaults> = {},
): Step {
  checkStep(id, kind, args);
  const base: Defaults = { ...defaults[kind], ...overrides };
  const isGated = base.effect === 'disrupt' || base.effect === 'destroy';
  // The mapped union cannot be rebuilt from a generic kind; kind and args belong together by the signature.
  return {
    id: asStepId(id),
    kind,
    args,
    ...base,
    beginWithinSeconds: isGated ? beginWithinSeconds : null,
  } as unknown as Step;
}

/** For steps that others may notice. */
export const disruptive = disrupt(300);

export const stage = (title: string, ...steps: readonly Step[]): Stage => ({ title, steps });
