// Runbook: the certificates of one master, made anew under the same authorities. Its etcd member reads its
// files at every connection; the static pods are started again, because only then everything they hold is
// the new one; and what the ports show afterwards is looked at.
import type { Stage } from '../../shared/model/plan.ts';
import type { Step, StepArgs } from '../../shared/model/step.ts';
import type { Member } from '../planner/topology.ts';
import { API_PORT, etcdClientPaths, etcdPaths, paths } from '../render/paths.ts';
import { type GateAfter, type GateBefore, gateAfter, gateBefore } from './gate.ts';
import type { InitInputs } from './init-control-plane.ts';
import { disruptive, stage, step } from './step-builder.ts';
import { writeInitConfig } from './upgrade-control-plane.ts';

/** Each process has so long to come up: a kubelet that has just seen it end waits up to twenty seconds. */
const waitSeconds = 90;
const ETCD_CLIENT_PORT = 2379;
const ETCD_PEER_PORT = 2380;

export interface RenewalInputs extends InitInputs {
  /** Names it: what was there when it began is replaced, once. */
  readonly renewal: string;
  /** Of the Kubernetes CA that the cluster's record holds. */
  readonly caDigest: string;
  /** Every master of the cluster, this one among them. */
  readonly masterHosts: readonly Pick<Member, 'name' | 'address'>[];
  /** The steps by which this host gets certificates from the coordinator. */
  readonly etcdCertificates: readonly Step[];
}

/** Null: other certificates of the cluster have ended, and it cannot be green before they are renewed. */
export interface RenewalGates {
  readonly before: GateBefore | null;
  readonly after: GateAfter | null;
}

export function renewCertificates(inputs: RenewalInputs, gates: RenewalGates): readonly Stage[] {
  const { member, etcd, masterHosts, renewal, caDigest } = inputs;
  const others = masterHosts.filter(({ name }) => name !== member.name);
  const parties = { members: etcd, masters: others, subject: member };
  const stages = [
    stage(
      'configuration',
      step('our-ca', 'read-ca-digest', { caPath: paths.kubernetesCa, expected: caDigest }),
      writeInitConfig(inputs),
    ),
    stage('certificates of etcd', ...inputs.etcdCertificates.flatMap((one) => anew(one, renewal))),
    stage(
      'certificates of the control plane',
      step('certificates', 'renew-certificates', {
        renewal,
        configPath: paths.kubeadmInit,
        nodeName: member.name,
        caDigest,
      }),
    ),
    // Measured by the subject itself right before it disrupts.
    stage('gate', ...(gates.before === null ? [] : gateBefore(gates.before, parties))),
    stage(
      'static pods',
      disruptive(
        step('static-pods', 'restart-static-pods', {
          pods,
          server: `https://${member.address}:${API_PORT}`,
          caPath: paths.kubernetesCa,
          mustBeReady: gates.after !== null,
          waitSeconds,
        }),
      ),
    ),
    stage(
      'what is served',
      step('served', 'wait-certificates-served', { ports: portsOf(member, gates) }),
    ),
    stage('gate after', ...(gates.after === null ? [] : gateAfter(gates.after, parties))),
  ];
  return stages.filter(({ steps }) => steps.length > 0);
}

const anew = (one: Step, renewal: string): readonly Step[] =>
  one.kind === 'request-certificate' ? [step(one.id, one.kind, { ...one.args, renewal })] : [];

const pair = (name: string): readonly string[] =>
  ['crt', 'key'].map((end) => `${paths.pki}/${name}.${end}`);

/** What each reads of what is renewed. */
const pods: StepArgs['restart-static-pods']['pods'] = [
  {
    name: 'kube-apiserver',
    files: [
      ...['apiserver', 'apiserver-kubelet-client', 'front-proxy-client'].flatMap(pair),
      etcdClientPaths.certificatePath,
    ],
  },
  { name: 'kube-controller-manager', files: ['/etc/kubernetes/controller-manager.conf'] },
  { name: 'kube-scheduler', files: ['/etc/kubernetes/scheduler.conf'] },
];

function portsOf(
  { address }: Pick<Member, 'address'>,
  { after }: RenewalGates,
): StepArgs['wait-certificates-served']['ports'] {
  const peer = {
    host: address,
    port: ETCD_PEER_PORT,
    certificatePath: etcdPaths.peerCertificate,
    keyPath: etcdPaths.peerKey,
    caPath: etcdPaths.peerCa,
  };
  // Without a majority a member listens for the others only, and an API server ends again and again.
  if (after === null) return [peer];
  return [
    peer,
    {
      host: address,
      port: ETCD_CLIENT_PORT,
      certificatePath: etcdPaths.serverCertificate,
      keyPath: etcdPaths.serverKey,
      caPath: etcdPaths.clientCa,
    },
    {
      host: address,
      port: API_PORT,
      certificatePath: `${paths.pki}/apiserver.crt`,
      keyPath: `${paths.pki}/apiserver.key`,
      caPath: paths.kubernetesCa,
    },
  ];
}
