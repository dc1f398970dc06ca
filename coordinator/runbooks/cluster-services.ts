// Runbook: what the cluster itself keeps, by one master once every API server is there: kubeadm's and the
// kubelets' configuration, the rules of joining, kube-proxy, CoreDNS, the network plugin. The order is that
// of `kubeadm upgrade apply`.
import type { Stage } from '../../shared/model/plan.ts';
import type { Step } from '../../shared/model/step.ts';
import type { NetworkPlugin } from '../components/network/network-plugin.ts';
import { networkPluginOf } from '../components/network/network-plugins.ts';
import { paths } from '../render/paths.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';
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
    stage('services', ...workloads.map((service) => seenThrough(service, spec))),
  ];
}

/** A daemon set is everywhere, on hosts that are away too: those do not hold up the others. */
function seenThrough(service: NetworkPlugin['workloads'][number], spec: ClusterSpec): Step {
  const { namespace, workload } = service;
  const [kind, name = ''] = workload.split('/');
  if (kind !== 'daemonset') return step(`ready-${name}`, 'wait-workload-ready', service);
  const proxyPort = name === 'kube-proxy' ? proxyHealthPort(spec) : undefined;
  const asked = proxyPort === undefined ? {} : { proxyPort };
  return step(`ready-${name}`, 'roll-daemon-set', { namespace, name, ...asked });
}

/** Where other nodes can ask a kube-proxy; undefined: it answers its own node alone. */
function proxyHealthPort({ kubeProxy }: ClusterSpec): number | undefined {
  const set = kubeProxy['healthzBindAddress'];
  if (set === undefined) return 10256;
  if (typeof set !== 'string') return undefined;
  const [, port] = /^(?:0\.0\.0\.0|\[?::\]?)?:(\d{1,5})$/.exec(set) ?? [];
  return port === undefined ? undefined : Number(port);
}
