// Runbook: the first master. Its keys come first, in a plan of their own, because the digest of the
// Kubernetes CA has to be in the cluster's record before anything is written to etcd (rule 13).
import type { Stage } from '../../shared/model/plan.ts';
import type { EtcdEndpoint, Step } from '../../shared/model/step.ts';
import type { Materials } from '../components/bill-of-materials.ts';
import type { Member } from '../planner/topology.ts';
import { renderFlannelManifest } from '../render/flannel.ts';
import { renderInitConfig } from '../render/kubeadm-config.ts';
import { API_PORT, etcdClientPaths, paths } from '../render/paths.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';
import { etcdGate } from './prepare-host.ts';
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

export function startControlPlane(inputs: InitInputs): readonly Stage[] {
  const { member, spec, materials, etcd } = inputs;
  const endpoints = etcd.map((entry) => entry.clientUrl);
  const flannel = renderFlannelManifest({
    image: materials.image('image-flannel'),
    pods: spec.network.pods,
  });
  const url = `https://${member.address}:${API_PORT}/readyz`;
  return [
    stage(
      'gate',
      etcdGate(inputs),
      step('registry', 'check-etcd-registry', {
        endpoints,
        credentials: etcdClientPaths,
        caPath: paths.kubernetesCa,
      }),
    ),
    stage('static pods', {
      ...phase(inputs, 'control-plane', 'all'),
      ...disruptive,
      beginWithinSeconds: 30,
    } as Step),
    stage('kubelet', phase(inputs, 'kubelet-start')),
    stage(
      'API server',
      step('apiserver', 'wait-apiserver-ready', { url, caPath: paths.kubernetesCa }),
    ),
    stage('configuration in the cluster', phase(inputs, 'upload-config', 'all')),
    stage(
      'add-ons',
      phase(inputs, 'mark-control-plane'),
      phase(inputs, 'bootstrap-token'),
      phase(inputs, 'addon', 'all'),
      phase(inputs, 'kubelet-finalize', 'all'),
      step('network', 'apply-manifest', { name: 'flannel', manifest: flannel }),
    ),
    stage('node', step('node-ready', 'wait-node-ready', { node: member.name })),
  ];
}
