// Everything that preparing a host lays down, in the order in which it is listed in a stage. A new
// component is a file beside this one and a line here.
import { digestOf } from '../../../shared/canonical.ts';
import type { Step } from '../../../shared/model/step.ts';
import type { Digests, Disruption, HostComponentName } from '../component.ts';
import { apiProxy } from './api-proxy.ts';
import { etcd } from './etcd.ts';
import type { HostComponent, HostInputs, Slot, SlotSteps } from './host-target.ts';
import { kubeadm } from './kubeadm.ts';
import { kubernetes } from './kubernetes.ts';
import { network } from './network.ts';
import { runtime } from './runtime.ts';
import { settings } from './settings.ts';

const byName: Readonly<Record<HostComponentName, HostComponent>> = {
  settings,
  runtime,
  network,
  kubeadm,
  kubernetes,
  'api-proxy': apiProxy,
  etcd,
};

/** Who orders a change of a component on a host that works. */
export const disruptionOf = (name: HostComponentName): Disruption => byName[name].disruption;

/** What each component should be: of its steps' kinds and arguments. Timeouts make no difference. */
export interface DesiredDigests {
  readonly digests: Digests;
  /** What `kubernetes` was while kubeadm and the images were part of it: stores hold such digests. */
  readonly undividedKubernetes: string;
}

export interface DesiredHost extends DesiredDigests {
  /** Of these components, of all of them where none are named; those that the host has none of are passed over. */
  stepsOf(slot: Slot, names?: readonly HostComponentName[]): readonly Step[];
}

export function desiredHost(inputs: HostInputs): DesiredHost {
  const parts = (Object.entries(byName) as [HostComponentName, HostComponent][])
    .filter(([, component]) => component.isFor(inputs.host))
    .map(([name, component]) => ({ name, slots: component.steps(inputs) }));
  const slotsOf = (wanted: HostComponentName): SlotSteps =>
    parts.find(({ name }) => name === wanted)?.slots ?? {};
  const digests = parts.map(({ name, slots }) => [
    name,
    digestOfSteps(Object.values(slots).flat()),
  ]);
  const [tools, node] = [slotsOf('kubeadm'), slotsOf('kubernetes')];
  return {
    digests: Object.fromEntries(digests) as Digests,
    undividedKubernetes: digestOfSteps(
      [
        ...[tools.install, node.install, node.configure, node.certificates],
        ...[node.services, tools.images],
      ].flatMap((steps) => steps ?? []),
    ),
    stepsOf: (slot, names) =>
      parts
        .filter(({ name }) => names === undefined || names.includes(name))
        .flatMap(({ slots }) => slots[slot] ?? []),
  };
}

const digestOfSteps = (steps: readonly Step[]): string =>
  digestOf(steps.map(({ kind, args }) => ({ kind, args }))).slice(0, 16);
