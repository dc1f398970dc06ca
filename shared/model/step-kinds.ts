// What each kind of step may do, and how long it may take by default: one table for the coordinator,
// which builds steps, and for the agent, which refuses a step that claims a milder effect than its
// kind has.
import type { StepEffect, StepKind } from './step.ts';

export interface StepKindRow {
  /** The first is the default. */
  readonly effects: readonly [StepEffect, ...StepEffect[]];
  readonly timeoutSeconds: number;
  /** What a stop does to the step while it runs. */
  readonly onStop: 'interrupt' | 'finish';
}

const read = (timeoutSeconds: number): StepKindRow => ({
  effects: ['read'],
  timeoutSeconds,
  onStop: 'interrupt',
});
const change = (timeoutSeconds: number): StepKindRow => ({
  effects: ['change'],
  timeoutSeconds,
  onStop: 'finish',
});
/** A change that others may notice where the runbook says so. */
const mayDisrupt = (timeoutSeconds: number): StepKindRow => ({
  effects: ['change', 'disrupt'],
  timeoutSeconds,
  onStop: 'finish',
});

export const stepKinds = {
  'disable-swap': change(120),
  'load-kernel-modules': change(60),
  // Twice as long: it waits for settings that come with a module.
  'set-sysctls': change(120),
  'write-file': change(30),
  'remove-path': change(30),
  'fetch-artifact': { effects: ['change'], timeoutSeconds: 1800, onStop: 'interrupt' },
  'install-binary': change(1800),
  'unpack-archive': change(1800),
  'import-image': change(1800),
  'manage-unit': mayDisrupt(180),
  // As long as the coordinator that signs it may be away.
  'request-certificate': change(600),
  'wait-etcd-healthy': read(300),
  'check-etcd-registry': read(60),
  'etcd-snapshot': change(300),
  'prune-snapshots': change(60),
  // Up to 8 GiB, read and written once; and over whatever line there is.
  'seal-snapshot': change(900),
  'upload-snapshot': { effects: ['change'], timeoutSeconds: 3600, onStop: 'interrupt' },
  'defragment-etcd': { effects: ['disrupt'], timeoutSeconds: 300, onStop: 'finish' },
  'kubeadm-phase': mayDisrupt(300),
  // Its wait, and as long again to take the host back.
  'switch-control-plane': mayDisrupt(420),
  'renew-certificates': change(180),
  // Three processes, one after the other, each with its time to end and to come up.
  'restart-static-pods': mayDisrupt(420),
  'wait-certificates-served': read(90),
  'update-kubelet-config': change(120),
  'read-ca-digest': read(30),
  'create-join-credentials': change(60),
  'delete-join-credentials': change(60),
  'delete-node': change(60),
  // Another master may have done it meanwhile, and more: one that comes back asks first, and a stop is
  // the end of it.
  'cordon-node': { effects: ['disrupt'], timeoutSeconds: 60, onStop: 'interrupt' },
  'uncordon-node': { effects: ['disrupt'], timeoutSeconds: 60, onStop: 'interrupt' },
  // A taint may have pods leave.
  'label-node': { effects: ['disrupt'], timeoutSeconds: 60, onStop: 'interrupt' },
  'drain-node': { effects: ['disrupt'], timeoutSeconds: 90, onStop: 'interrupt' },
  'unseal-secret': change(30),
  'apply-manifest': change(120),
  'wait-node-ready': read(300),
  'wait-apiserver-ready': read(300),
  // It mostly waits, and takes up what it has begun.
  'roll-daemon-set': { effects: ['change'], timeoutSeconds: 300, onStop: 'interrupt' },
  'wait-workload-ready': read(300),
  'issue-user-certificate': change(60),
  'smoke-test': change(300),
} as const satisfies Record<StepKind, StepKindRow>;
