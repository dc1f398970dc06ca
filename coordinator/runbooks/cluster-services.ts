// Runbook: what the cluster itself keeps, by one master once every API server is there: kubeadm's and the
// kubelets' configuration, the rules of joining, kube-proxy, CoreDNS, the network plugin. The order is that
// of `kubeadm upgrade apply`.
import type { Stage } from '../../shared/model/plan.ts';
import type { Step } from '../../shared/model/step.ts';
import { networkPluginOf } from '../components/network/network-plugins.ts';
import { paths } from '../render/paths.ts';
import type { InitInputs } from './init-control-plane.ts';
import { stage, step } from './step-builder.ts';
import { writeInitConfig } from './upgrade-control-plane.ts';

export interface ClusterServicesInputs extends InitInputs {
  /** Of the Kubernetes CA that the cluster's record holds. */
  readonly caDigest: string;
}

export function changeClusterServices(inputs: ClusterServicesInputs): readonly Stage[] {
  const { member, spec, materials, caDigest } = inputs;
  const row = networkPluginOf(spec);
  const manifest = row.manifest(spec, (name) => materials.image(name));
  const workloads = [
    { namespace: 'kube-system', workload: 'daemonset/kube-proxy' },
    { namespace: 'kube-system', workload: 'deployment/coredns' },
    ...row.workloads,
  ];
  const phase = (...names: readonly string[]): Step =>
    step(`init-${names.join('-')}`, 'kubeadm-phase', {
      command: 'init',
      phase: names,
      configPath: paths.kubeadmInit,
      nodeName: member.name,
    });
  return [
    stage(
      'configuration',
      step('our-ca', 'read-ca-digest', { caPath: paths.kubernetesCa, expected: caDigest }),
      writeInitConfig(inputs),
    ),
    stage('configuration in the cluster', phase('upload-config', 'all')),
    stage(
      'add-ons',
      phase('bootstrap-token'),
      phase('addon', 'all'),
      step('network', 'apply-manifest', { name: spec.network.plugin, manifest }),
    ),
    stage(
      'services',
      ...workloads.map((service) =>
        step(`ready-${service.workload.split('/').at(-1)}`, 'wait-workload-ready', service),
      ),
    ),
  ];
}
