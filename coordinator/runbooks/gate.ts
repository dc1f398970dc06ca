// Gates as steps: what has to be true before and after a change of the control plane or of etcd,
// measured by a host right before it acts and right after. Which gate a change has is data
// (planner/changes.ts).
import { digestOf } from '../../shared/canonical.ts';
import { isStepId } from '../../shared/model/ids.ts';
import type { EtcdEndpoint, Step } from '../../shared/model/step.ts';
import { API_PORT, etcdClientPaths, paths } from '../render/paths.ts';
import { step } from './step-builder.ts';

/** Who is looked at. `subject` is the host that the change is about. */
export interface GateBefore {
  /** Every expected member answers a linearizable read, one list, one leader, no alarm. */
  readonly etcd: boolean;
  /** /registry is empty or belongs to our Kubernetes CA. */
  readonly registry: boolean;
  readonly apiServers: readonly ('masters' | 'subject')[];
  readonly nodes: readonly ('masters' | 'subject')[];
}

/** The subject's own API server is waited for in the runbook, where its start has a stage of its own. */
export interface GateAfter {
  readonly etcd: boolean;
  readonly subjectNode: boolean;
}

export interface GateParties {
  readonly members: readonly EtcdEndpoint[];
  readonly masters: readonly { readonly name: string; readonly address: string }[];
  readonly subject: { readonly name: string; readonly address: string };
}

export const etcdGate = (id: string, members: readonly EtcdEndpoint[]): Step =>
  step(id, 'wait-etcd-healthy', { members, credentials: etcdClientPaths });

export const apiServerReady = (id: string, address: string): Step =>
  step(id, 'wait-apiserver-ready', {
    url: `https://${address}:${API_PORT}/readyz`,
    caPath: paths.kubernetesCa,
  });

export function gateBefore(gate: GateBefore, parties: GateParties): readonly Step[] {
  const { members, masters, subject } = parties;
  const chosen = (who: GateBefore['nodes']) =>
    who.flatMap((one) => (one === 'masters' ? masters : [subject]));
  return [
    ...(gate.etcd ? [etcdGate('etcd-gate', members)] : []),
    ...(gate.registry ? [registryIsOurs(members)] : []),
    ...chosen(gate.apiServers).map(({ name, address }) =>
      apiServerReady(named('gate-apiserver', name), address),
    ),
    ...chosen(gate.nodes).map(({ name }) =>
      step(named('gate-node', name), 'wait-node-ready', { node: name }),
    ),
  ];
}

/** Ids of steps are shorter than names of hosts may be. */
function named(what: string, host: string): string {
  const id = `${what}-${host}`;
  return isStepId(id) ? id : `${what}-${digestOf(host).slice(0, 12)}`;
}

export function gateAfter(gate: GateAfter, parties: GateParties): readonly Step[] {
  return [
    ...(gate.subjectNode
      ? [step('node-ready', 'wait-node-ready', { node: parties.subject.name })]
      : []),
    ...(gate.etcd ? [etcdGate('etcd-gate-after', parties.members)] : []),
  ];
}

const registryIsOurs = (members: readonly EtcdEndpoint[]): Step =>
  step('registry', 'check-etcd-registry', {
    endpoints: members.map(({ clientUrl }) => clientUrl),
    credentials: etcdClientPaths,
    caPath: paths.kubernetesCa,
  });
