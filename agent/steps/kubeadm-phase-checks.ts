// What each kubeadm phase leaves behind, looked for where it really is: certificates that
// belong to their keys and their CA, files, objects in the cluster. A phase that is not in this table
// is refused. Nothing here changes the host.
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import {
  apiserver,
  clusterRoleBinding,
  configMap,
  controlPlaneLabel,
  file,
  kubeconfig,
  kubeletCredential,
  kubeletRuns,
  namespaced,
  object,
  type PhaseInput,
  type PhasePart,
  pair,
  roleBinding,
  rotatingCertificate,
  serviceAccountKeys,
} from './kubeadm-phase-parts.ts';
import { configOf, coreDns, joiningRules, kubeProxy, proxyPodsFollow } from './kubeadm-stamps.ts';
import { kubernetes } from './kubernetes-paths.ts';
import type { StepContext } from './step-runner.ts';

export interface Phase {
  readonly parts: readonly PhasePart[];
  readonly flags?: readonly string[];
  /** Remembered with the digest of the configuration: a changed one has the phase run again. */
  readonly rendered?: readonly string[];
}

const manifests = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(
  (name) => `${kubernetes.manifests}/${name}.yaml`,
);
const kubeletFiles = [file(kubernetes.kubeletSettings), file(kubernetes.kubeletFlags)];
const leaves = [
  apiserver,
  pair('apiserver-kubelet-client', 'ca'),
  pair('front-proxy-client', 'front-proxy-ca'),
];
const controlPlaneConfigs = ['admin.conf', 'controller-manager.conf', 'scheduler.conf'];
const controlPlane: Phase = {
  parts: [...manifests.map(file), { fault: renderedFault }],
  rendered: manifests,
};

/** In each list the object that kubeadm makes last is named too: a phase cut off halfway is seen. */
const phases: Readonly<Record<string, Phase>> = {
  'init certs ca': { parts: [pair('ca', null)] },
  'init certs front-proxy-ca': { parts: [pair('front-proxy-ca', null)] },
  'init certs sa': { parts: [serviceAccountKeys] },
  'init certs apiserver': { parts: [apiserver] },
  'init certs apiserver-kubelet-client': { parts: [pair('apiserver-kubelet-client', 'ca')] },
  'init certs front-proxy-client': { parts: [pair('front-proxy-client', 'front-proxy-ca')] },
  'init kubeconfig all': {
    parts: [...controlPlaneConfigs, 'super-admin.conf', 'kubelet.conf'].map(kubeconfig),
  },
  'init control-plane all': controlPlane,
  'init kubelet-start': { parts: [...kubeletFiles, kubeletRuns] },
  'init upload-config all': {
    parts: [
      configOf('kubeadm-config', []),
      roleBinding('kube-system', 'kubeadm:nodes-kubeadm-config'),
      configOf('kubelet-config', ['KubeletConfiguration']),
      roleBinding('kube-system', 'kubeadm:kubelet-config'),
    ],
  },
  'init mark-control-plane': { parts: [controlPlaneLabel] },
  'init bootstrap-token': {
    parts: [
      clusterRoleBinding('kubeadm:kubelet-bootstrap'),
      configMap('kube-public', 'cluster-info'),
      joiningRules,
    ],
    flags: ['--skip-token-print'],
  },
  'init addon all': {
    parts: [
      coreDns,
      object('Service kube-dns', `/api/v1/${namespaced('kube-system', 'services', 'kube-dns')}`),
      clusterRoleBinding('kubeadm:node-proxier'),
      roleBinding('kube-system', 'kube-proxy'),
      kubeProxy,
      proxyPodsFollow,
    ],
  },
  'init kubelet-finalize all': { parts: [rotatingCertificate] },
  'join kubelet-start': { parts: [kubeletCredential, ...kubeletFiles, kubeletRuns] },
  'join control-plane-prepare certs': {
    parts: [pair('ca', null), pair('front-proxy-ca', null), serviceAccountKeys, ...leaves],
  },
  'join control-plane-prepare kubeconfig': { parts: controlPlaneConfigs.map(kubeconfig) },
  'join control-plane-prepare control-plane': controlPlane,
  'join control-plane-join mark-control-plane': { parts: [controlPlaneLabel] },
};

/** @throws AppError invalid: a phase whose outcome we could not check is not run. */
export function phaseFor(args: StepArgs['kubeadm-phase']): Phase {
  const name = phaseName(args);
  const phase = Object.hasOwn(phases, name) ? phases[name] : undefined;
  if (phase !== undefined) return phase;
  throw new AppError('invalid', `kubeadm ${name} is not a phase this agent knows: a newer one may`);
}

export const phaseName = ({ command, phase }: StepArgs['kubeadm-phase']): string =>
  [command, ...phase].join(' ');

/** What the phase was rendered from. */
export const markerPath = (
  args: StepArgs['kubeadm-phase'],
  { stateDirectory }: Pick<StepContext, 'stateDirectory'>,
): string => `${stateDirectory}/kubeadm/${phaseName(args).replaceAll(' ', '-')}.sha256`;

/** Digest of what a phase was rendered from and of what came out, so that a change of either is seen. */
export async function renderedDigest(
  { config, context }: Pick<PhaseInput, 'config' | 'context'>,
  paths: readonly string[],
): Promise<string> {
  const digests = await Promise.all(paths.map(async (path) => await context.host.sha256(path)));
  return sha256Hex([sha256Hex(config), ...digests].join('\n'));
}

async function renderedFault(input: PhaseInput): Promise<string | null> {
  const marker = await input.context.host.readFile(markerPath(input.args, input.context));
  if (marker === null) return 'whether the manifests are of this configuration is not known';
  const digest = await renderedDigest(input, manifests);
  return marker.trim() === digest ? null : 'the manifests are not of this configuration';
}
