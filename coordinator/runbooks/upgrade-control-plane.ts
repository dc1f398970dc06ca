// Runbook: the control plane of one master at another version, or with other settings. Its agent does it
// alone, between two gates; what does not come up is taken back by the step itself.
import type { Stage } from '../../shared/model/plan.ts';
import type { Member } from '../planner/topology.ts';
import { renderInitConfig } from '../render/kubeadm-config.ts';
import { API_PORT, paths } from '../render/paths.ts';
import { type GateAfter, type GateBefore, gateAfter, gateBefore } from './gate.ts';
import type { InitInputs } from './init-control-plane.ts';
import { disruptive, stage, step } from './step-builder.ts';

/** Three times what a machine with many hosts on two processors needed. */
const waitSeconds = 120;

export interface ControlPlaneInputs extends InitInputs {
  /** Of the Kubernetes CA that the cluster's record holds. */
  readonly caDigest: string;
  /** Every master of the cluster, this one among them. */
  readonly masterHosts: readonly Pick<Member, 'name' | 'address'>[];
}

export function changeControlPlane(
  inputs: ControlPlaneInputs,
  gates: { readonly before: GateBefore; readonly after: GateAfter },
): readonly Stage[] {
  const { member, spec, etcd, masterHosts } = inputs;
  // Never the subject: taken up again halfway, its own API server is what has to be brought back.
  const others = masterHosts.filter(({ name }) => name !== member.name);
  const parties = { members: etcd, masters: others, subject: member };
  return [
    stage(
      'configuration',
      step('our-ca', 'read-ca-digest', { caPath: paths.kubernetesCa, expected: inputs.caDigest }),
      writeInitConfig(inputs),
    ),
    // Made anew where the names changed: an API server that runs takes up its new certificate by itself.
    stage(
      'certificate',
      step('init-certs-apiserver', 'kubeadm-phase', {
        command: 'init',
        phase: ['certs', 'apiserver'],
        configPath: paths.kubeadmInit,
        nodeName: member.name,
      }),
    ),
    // Measured by the subject itself right before it disrupts.
    stage('gate', ...gateBefore(gates.before, parties)),
    stage(
      'static pods',
      disruptive(
        step('control-plane', 'switch-control-plane', {
          configPath: paths.kubeadmInit,
          nodeName: member.name,
          version: spec.kubernetes.version,
          server: `https://${member.address}:${API_PORT}`,
          caPath: paths.kubernetesCa,
          waitSeconds,
        }),
      ),
    ),
    stage('gate after', ...gateAfter(gates.after, parties)),
  ];
}

/** What kubeadm's phases on this master read; a master that joined has none from its install. */
export const writeInitConfig = (inputs: InitInputs) =>
  step('init-config', 'write-file', {
    path: paths.kubeadmInit,
    content: renderInitConfig({
      cluster: inputs.cluster,
      spec: inputs.spec,
      node: inputs.member,
      masterAddresses: inputs.masters,
      etcd: inputs.etcd,
    }),
    mode: 0o600,
  });
