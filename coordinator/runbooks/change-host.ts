// Runbook: a host that works gets the components that are another than they should be. What nobody notices
// comes first; then one after another what restarts: etcd in its gates, the runtime, the API proxy, the
// kubelet. A daemon is started again when any file that its component lays down is younger than its process:
// what is satisfied restarts nothing. Going back a version is the same with the old inputs.
import { asStepId } from '../../shared/model/ids.ts';
import type { Stage } from '../../shared/model/plan.ts';
import type { EtcdEndpoint, Step } from '../../shared/model/step.ts';
import type { HostComponentName } from '../components/component.ts';
import { type DesiredHost, disruptionOf } from '../components/host/host-components.ts';
import type { Member } from '../planner/topology.ts';
import { paths } from '../render/paths.ts';
import { apiServerReady, type GateAfter, type GateBefore, gateAfter, gateBefore } from './gate.ts';
import { disruptive, stage, step } from './step-builder.ts';

type Host = Pick<Member, 'name' | 'address'>;

export interface HostChange {
  readonly desired: DesiredHost;
  /** Those that differ. */
  readonly components: readonly HostComponentName[];
  readonly host: Host;
  /** Version that its kubelet has afterwards, as v1.37.1. */
  readonly kubelet: string;
  /** Null for a worker. */
  readonly master: MasterChange | null;
}

/** A kubelet of another minor starts the static pods again: that is a change of the control plane too. */
export interface MasterChange {
  readonly etcd: readonly EtcdEndpoint[];
  /** Every master of the cluster, this one among them. */
  readonly masterHosts: readonly Host[];
  readonly gates: { readonly before: GateBefore; readonly after: GateAfter };
}

export function changeHost(change: HostChange): readonly Stage[] {
  const { desired, components, host } = change;
  const { stepsOf } = desired;
  const has = (name: HostComponentName): boolean => components.includes(name);
  const onlyRuntime = has('runtime') && !has('kubernetes');
  const stages = [
    stage(
      'settings, binaries and certificates',
      ...stepsOf('settings', components),
      ...stepsOf('install', components),
      ...stepsOf('configure', components),
      ...stepsOf('certificates', components),
    ),
    stage('images', ...stepsOf('images', components)),
    ...(has('etcd') ? changeEtcd(desired) : []),
    stage('runtime', ...(has('runtime') ? services(desired, 'runtime') : [])),
    stage('API proxy', ...(has('api-proxy') ? services(desired, 'api-proxy') : [])),
    stage(
      'node',
      ...(onlyRuntime ? [step('node-ready', 'wait-node-ready', { node: host.name })] : []),
    ),
    ...(has('kubernetes') ? changeKubelet(change) : []),
  ];
  return stages.filter(({ steps }) => steps.length > 0);
}

/** Measured right before the member is started again, and before anything else follows. */
function changeEtcd(desired: DesiredHost): readonly Stage[] {
  const gate = (when: string): readonly Step[] =>
    desired
      .stepsOf('gate', ['etcd'])
      .map((one) => ({ ...one, id: asStepId(`${one.id}-${when}-restart`) }));
  return [
    stage('gate of etcd', ...gate('before')),
    stage('etcd', ...services(desired, 'etcd')),
    stage('gate of etcd after', ...gate('after')),
  ];
}

function changeKubelet({ desired, host, kubelet, master }: HostChange): readonly Stage[] {
  const { name, address } = host;
  const others = master?.masterHosts.filter((one) => one.name !== name) ?? [];
  const parties = { members: master?.etcd ?? [], masters: others, subject: host };
  return [
    stage(
      'kubelet settings',
      step('kubelet-settings', 'update-kubelet-config', { nodeName: name }),
    ),
    stage('gate', ...(master === null ? [] : gateBefore(master.gates.before, parties))),
    stage('kubelet', ...services(desired, 'kubernetes')),
    stage('kubelet ready', {
      ...step('kubelet-ready', 'wait-node-ready', { node: name, kubelet }),
      timeoutSeconds: kubeletSeconds,
    }),
    ...(master === null
      ? []
      : [
          stage('API server', apiServerReady('apiserver', address)),
          stage('gate after', ...gateAfter(master.gates.after, parties)),
        ]),
  ];
}

/** It is there within seconds; one that was not by then does not start, and its pods wait for another. */
const kubeletSeconds = 120;

/** What kubeadm writes for the kubelet, beside the component's own files. */
const kubeletFiles = [paths.kubeletConfig, paths.kubeletFlags];

function services(desired: DesiredHost, name: HostComponentName): readonly Step[] {
  const own = (['install', 'configure', 'certificates'] as const)
    .flatMap((slot) => desired.stepsOf(slot, [name]))
    .flatMap(filesOf);
  const files = name === 'kubernetes' ? [...own, ...kubeletFiles] : own;
  return (['services', 'proxy'] as const)
    .flatMap((slot) => desired.stepsOf(slot, [name]))
    .map((one) => startedAnew(one, { files, name }));
}

function filesOf({ kind, args }: Step): readonly string[] {
  switch (kind) {
    case 'install-binary':
    case 'write-file':
      return [args.path];
    case 'unpack-archive':
      return args.members.map(({ to }) => to);
    default:
      return [];
  }
}

interface Restarting {
  readonly files: readonly string[];
  readonly name: HostComponentName;
}

function startedAnew(one: Step, { files, name }: Restarting): Step {
  if (one.kind !== 'manage-unit') return one;
  const { args } = one;
  const changed: Step = {
    ...one,
    args: {
      ...args,
      // On a host that joins, kubeadm starts the kubelet, and etcd's first start waits for the others.
      state: 'running',
      restartOn: [...new Set([...args.restartOn, ...files])],
    },
  };
  return disruptionOf(name) === 'none' ? changed : disruptive(changed);
}
