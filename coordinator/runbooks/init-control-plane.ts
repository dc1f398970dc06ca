// Runbook: the first master. Its keys come first, in a plan of their own, because the digest of the
// Kubernetes CA has to be in the cluster's record before anything is written to etcd.
import type { Stage } from '../../shared/model/plan.ts';
import type { EtcdEndpoint, Step } from '../../shared/model/step.ts';
import type { Materials } from '../components/materials.ts';
import { networkPluginOf } from '../components/network/network-plugins.ts';
import type { Member } from '../planner/topology.ts';
import { renderInitConfig } from '../render/kubeadm-config.ts';
import { paths } from '../render/paths.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';
import { apiServerReady, type GateAfter, type GateBefore, gateAfter, gateBefore } from './gate.ts';
import { disruptive, stage, step } from './step-builder.ts';

export interface InitInputs {
  readonly member: Member;
  readonly spec: ClusterSpec;
  readonly cluster: string;
  readonly materials: Materials;
  readonly masters: readonly string[];
  readonly etcd: readonly EtcdEndpoint[];
}

function phase(inputs: InitInputs, ...names: readonly string[]): Step {
  return step(`init-${names.join('-')}`, 'kubeadm-phase', {
    command: 'init',
    phase: names,
    configPath: paths.kubeadmInit,
    nodeName: inputs.member.name,
  });
}

export function makeClusterKeys(inputs: InitInputs): readonly Stage[] {
  const content = renderInitConfig({
    cluster: inputs.cluster,
    spec: inputs.spec,
    node: inputs.member,
    masterAddresses: inputs.masters,
    etcd: inputs.etcd,
  });
  const authorities = [
    phase(inputs, 'certs', 'ca'),
    phase(inputs, 'certs', 'front-proxy-ca'),
    phase(inputs, 'certs', 'sa'),
  ];
  const leaves = ['apiserver', 'apiserver-kubelet-client', 'front-proxy-client'];
  return [
    stage(
      'configuration',
      step('init-config', 'write-file', { path: paths.kubeadmInit, content, mode: 0o600 }),
    ),
    stage('authorities', ...authorities),
    stage(
      'certificates',
      step('ca-digest', 'read-ca-digest', { caPath: paths.kubernetesCa }),
      ...leaves.map((name) => phase(inputs, 'certs', name)),
      phase(inputs, 'kubeconfig', 'all'),
    ),
  ];
}

export function startControlPlane(
  inputs: InitInputs & { readonly caDigest: string },
  gates: { readonly before: GateBefore; readonly after: GateAfter },
): readonly Stage[] {
  const { member, spec, materials, etcd } = inputs;
  const parties = { members: etcd, masters: [], subject: member };
  const { plugin } = spec.network;
  const manifest = networkPluginOf(spec).manifest(spec, (name) => materials.image(name));
  return [
    // What etcd is about to hold belongs to the CA of the cluster's record, and to no other.
    stage(
      'gate',
      step('our-ca', 'read-ca-digest', { caPath: paths.kubernetesCa, expected: inputs.caDigest }),
      ...gateBefore(gates.before, parties),
    ),
    stage('static pods', disruptive(phase(inputs, 'control-plane', 'all'))),
    stage('kubelet', phase(inputs, 'kubelet-start')),
    stage('API server', apiServerReady('apiserver', member.address)),
    stage('configuration in the cluster', phase(inputs, 'upload-config', 'all')),
    stage(
      'add-ons',
      phase(inputs, 'mark-control-plane'),
      phase(inputs, 'bootstrap-token'),
      phase(inputs, 'addon', 'all'),
      phase(inputs, 'kubelet-finalize', 'all'),
      step('network', 'apply-manifest', { name: plugin, manifest }),
    ),
    stage('node', ...gateAfter(gates.after, parties)),
  ];
}
