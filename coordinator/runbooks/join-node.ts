// Runbooks: further masters, and workers. Credentials are made on a master in its cluster lane and
// come sealed to the host's own key.
import type { Stage } from '../../shared/model/plan.ts';
import type { EtcdEndpoint, SealedSecret, Step } from '../../shared/model/step.ts';
import type { Member } from '../planner/topology.ts';
import { renderJoinConfig } from '../render/kubeadm-config.ts';
import { paths, sharedKeys } from '../render/paths.ts';
import { apiServerReady, type GateAfter, type GateBefore, gateAfter, gateBefore } from './gate.ts';
import { disruptive, stage, step } from './step-builder.ts';

/** What a host joins with lives this long. */
export const credentialSeconds = 900;

export interface CredentialInputs {
  readonly consumer: Member;
  /** Of the join that is to open them. */
  readonly goal: string;
  readonly server: string;
  /** Of the Kubernetes CA that the cluster's record holds. */
  readonly caDigest: string;
}

export function joinCredentials(inputs: CredentialInputs): readonly Stage[] {
  const { consumer, goal, server, caDigest } = inputs;
  const isMaster = consumer.pool.roles.includes('control-plane');
  return [
    stage(
      'credentials',
      step('credentials', 'create-join-credentials', {
        consumer: consumer.name,
        goal,
        caDigest,
        consumerKey: consumer.node.record.publicKey,
        server,
        ttlSeconds: credentialSeconds,
        files: isMaster ? sharedKeys : [],
      }),
    ),
  ];
}

/** Of an agent of 0.1. */
export function deleteCredentials(tokenId: string): readonly Stage[] {
  return [stage('credentials', step('delete', 'delete-join-credentials', { tokenId }))];
}

function phase(member: Member, ...names: readonly string[]): Step {
  return step(`join-${names.join('-')}`, 'kubeadm-phase', {
    command: 'join',
    phase: names,
    configPath: paths.kubeadmJoin,
    nodeName: member.name,
  });
}

export interface SealedCredentials {
  readonly sealed: SealedSecret;
  readonly caDigest: string;
}

function joinFiles(
  member: Member,
  { sealed, caDigest }: SealedCredentials,
  isMaster: boolean,
): readonly Stage[] {
  const keys = isMaster ? sharedKeys.map((path) => ({ name: path, path })) : [];
  return [
    stage(
      'credentials',
      step('unseal', 'unseal-secret', {
        sealed,
        caDigest,
        files: [{ name: 'discovery.conf', path: paths.discovery }, ...keys],
      }),
      step('join-config', 'write-file', {
        path: paths.kubeadmJoin,
        content: renderJoinConfig(member, isMaster),
        mode: 0o600,
      }),
    ),
  ];
}

/** Nothing that could be used again stays on the host. The kubelet has its own certificate by now. */
const forgetCredentials = stage(
  'credentials gone',
  step('forget-discovery', 'remove-path', { path: paths.discovery }),
  step('forget-bootstrap', 'remove-path', { path: paths.bootstrapConfig }),
);

export function joinWorker(member: Member, credentials: SealedCredentials): readonly Stage[] {
  return [
    ...joinFiles(member, credentials, false),
    stage('kubelet', phase(member, 'kubelet-start')),
    stage('node', step('node-ready', 'wait-node-ready', { node: member.name })),
    forgetCredentials,
  ];
}

export interface MasterJoinInputs {
  readonly member: Member;
  readonly credentials: SealedCredentials;
  readonly etcd: readonly EtcdEndpoint[];
  /** The masters that are there: each has to be ready before and after. */
  readonly masters: readonly Member[];
}

export function joinMaster(
  inputs: MasterJoinInputs,
  gates: { readonly before: GateBefore; readonly after: GateAfter },
): readonly Stage[] {
  const { member, masters, etcd } = inputs;
  const parties = { members: etcd, masters, subject: member };
  return [
    ...joinFiles(member, inputs.credentials, true),
    stage('certificates', phase(member, 'control-plane-prepare', 'certs')),
    stage('kubeconfigs', phase(member, 'control-plane-prepare', 'kubeconfig')),
    // Measured by the subject itself right before its first disrupting step.
    stage('gate', ...gateBefore(gates.before, parties)),
    stage('static pods', disruptive(phase(member, 'control-plane-prepare', 'control-plane'))),
    stage('kubelet', phase(member, 'kubelet-start')),
    stage(
      'API server',
      apiServerReady('apiserver', member.address),
      phase(member, 'control-plane-join', 'mark-control-plane'),
    ),
    stage('gate after', ...gateAfter(gates.after, parties)),
    forgetCredentials,
  ];
}
