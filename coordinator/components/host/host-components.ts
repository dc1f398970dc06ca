// Everything that preparing a host lays down, in the order in which it is listed in a stage. A new
// component is a file beside this one and a line here.
import { digestOf } from '../../../shared/canonical.ts';
import type { Step } from '../../../shared/model/step.ts';
import type { Digests, HostComponentName } from '../component.ts';
import { apiProxy } from './api-proxy.ts';
import { etcd } from './etcd.ts';
import type { HostComponent, HostInputs, Slot } from './host-target.ts';
import { kubernetes } from './kubernetes.ts';
import { network } from './network.ts';
import { runtime } from './runtime.ts';
import { settings } from './settings.ts';

const byName: Readonly<Record<HostComponentName, HostComponent>> = {
  settings,
  runtime,
  network,
  kubernetes,
  'api-proxy': apiProxy,
  etcd,
};

export interface DesiredHost {
  /** What each component should be: of its steps' kinds and arguments. Timeouts make no difference. */
  readonly digests: Digests;
  stepsOf(slot: Slot): readonly Step[];
}

export function desiredHost(inputs: HostInputs): DesiredHost {
  const parts = Object.entries(byName)
    .filter(([, component]) => component.isFor(inputs.host))
    .map(([name, component]) => ({ name, slots: component.steps(inputs) }));
  const digests = parts.map(({ name, slots }) => {
    const steps = Object.values(slots).flat();
    return [name, digestOf(steps.map(({ kind, args }) => ({ kind, args }))).slice(0, 16)];
  });
  return {
    digests: Object.fromEntries(digests) as Digests,
    stepsOf: (slot) => parts.flatMap(({ slots }) => slots[slot] ?? []),
  };
}
