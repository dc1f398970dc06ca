// The single things that kubeadm's phases make, each with a look at whether it is there and right: a
// pair of files, a kubeconfig, an object in the cluster. Nothing here changes the host.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { StepArgs } from '../../shared/model/step.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { parseKubeconfig } from '../host/kubeconfig.ts';
import { keyPairFault, namesOf, parseCertificate } from './key-pair-files.ts';
import { at } from './kube-object.ts';
import { accepted } from './kube-session.ts';
import { kubernetes } from './kubernetes-paths.ts';
import { otherMachine } from './own-machine.ts';
import type { StepContext } from './step-runner.ts';

export interface PhaseInput {
  readonly args: StepArgs['kubeadm-phase'];
  readonly context: StepContext;
  /** Text of the configuration that the phase reads. */
  readonly config: string;
  /** As the administrator; opened when it is first asked for. */
  readonly api: () => Promise<KubeApi>;
}

/** One thing a phase makes. */
export interface PhasePart {
  /** What is wrong with it, as a sentence; null when nothing is. */
  fault(input: PhaseInput): Promise<string | null>;
  /** Removed before the phase runs when they are wrong: kubeadm keeps what is there, or refuses it. */
  readonly replaceable?: readonly string[];
  /** After the phase ran: marks what it made. */
  stamp?(input: PhaseInput): Promise<void>;
}

const pki = (name: string): string => `${kubernetes.pki}/${name}`;

export function pair(name: string, ca: string | null): PhasePart {
  const paths = {
    certificatePath: pki(`${name}.crt`),
    keyPath: pki(`${name}.key`),
    caPath: ca === null ? null : pki(`${ca}.crt`),
  };
  return {
    fault: async ({ context }) => await keyPairFault(context.host, paths, context.clock.now()),
    // An authority is never thrown away: everything it signed would go with it.
    ...(ca === null ? {} : { replaceable: [paths.certificatePath, paths.keyPath] }),
  };
}

export const apiserver: PhasePart = {
  replaceable: [pki('apiserver.crt'), pki('apiserver.key')],
  async fault(input) {
    const fault = await pair('apiserver', 'ca').fault(input);
    if (fault !== null) return fault;
    const pem = (await input.context.host.readFile(pki('apiserver.crt'))) ?? '';
    const certificate = parseCertificate(pem);
    const names = certificate === null ? new Set<string>() : namesOf(certificate);
    const wanted = [input.args.nodeName, ...namesWanted(input.config)];
    const missing = wanted.find((name) => !names.has(name));
    return missing === undefined ? null : `${pki('apiserver.crt')} is not for ${missing}`;
  },
};

/** Addresses and names that the configuration asks of the API server's certificate. */
export function namesWanted(config: string): readonly string[] {
  const address = /^\s*advertiseAddress:\s*(\S+)/m.exec(config)?.[1];
  const list = /^\s*certSANs:[ \t]*\n((?:[ \t]*-[ \t]+.*\n?)+)/m.exec(config)?.[1] ?? '';
  const entries = list.matchAll(/^[ \t]*-[ \t]+(.*)$/gm);
  const names = [
    ...(address === undefined ? [] : [address]),
    ...[...entries].map(([, name]) => name),
  ];
  return (
    names
      .map((name) => (name ?? '').trim().replace(/^(["'])(.*)\1$/, '$2'))
      // Node writes IPv6 addresses of a certificate in another form than people do.
      .filter((name) => name !== '' && !name.includes(':'))
  );
}

export const serviceAccountKeys: PhasePart = {
  async fault({ context }) {
    const [key, pub] = await Promise.all([
      context.host.readFile(pki('sa.key')),
      context.host.readFile(pki('sa.pub')),
    ]);
    if (key === null || pub === null)
      return `there is no ${pki(key === null ? 'sa.key' : 'sa.pub')}`;
    return belongTogether(key, pub) ? null : `${pki('sa.pub')} does not belong to ${pki('sa.key')}`;
  },
};

function belongTogether(keyPem: string, publicPem: string): boolean {
  try {
    const form = { type: 'spki', format: 'der' } as const;
    const own = createPublicKey(createPrivateKey(keyPem)).export(form);
    return own.equals(createPublicKey(publicPem).export(form));
  } catch {
    return false; // no key at all belongs to none
  }
}

export function kubeconfig(name: string): PhasePart {
  const path = `${kubernetes.directory}/${name}`;
  return {
    replaceable: [path],
    fault: async ({ context }) => await kubeconfigFault(path, context),
  };
}

/** Of one that kubeadm wrote, wherever it lies. */
export async function kubeconfigFault(
  path: string,
  { host, clock }: Pick<StepContext, 'host' | 'clock'>,
): Promise<string | null> {
  const [text, ca] = await Promise.all([host.readFile(path), host.readFile(kubernetes.ca)]);
  if (text === null) return `there is no ${path}`;
  const config = parsedOrNull(text, path);
  if (config === null) return `${path} cannot be read`;
  if (decoded(config['certificate-authority-data']).trim() !== (ca ?? '').trim()) {
    return `${path} trusts another CA than ${kubernetes.ca}`;
  }
  // The kubelet's own points at the certificate that it renews itself.
  if (config['client-certificate'] === kubernetes.kubeletCertificate) return null;
  const certificate = parseCertificate(decoded(config['client-certificate-data']));
  const authority = ca === null ? null : parseCertificate(ca);
  if (certificate === null || authority === null) return `${path} holds no certificate`;
  if (!certificate.verify(authority.publicKey)) return `${path} is of another CA`;
  const hasExpired = Date.parse(certificate.validTo) <= clock.now();
  return hasExpired ? `the certificate in ${path} expired on ${certificate.validTo}` : null;
}

function parsedOrNull(text: string, path: string): ReturnType<typeof parseKubeconfig> | null {
  try {
    return parseKubeconfig(text, path);
  } catch {
    return null; // what cannot be read is made again
  }
}

const decoded = (base64: string | undefined): string =>
  Buffer.from(base64 ?? '', 'base64').toString('utf8');

export function file(path: string): PhasePart {
  return {
    async fault({ context }) {
      const found = await context.host.stat(path);
      if (found === null) return `there is no ${path}`;
      // What a power cut leaves of a file that nobody synced.
      return found.size === 0 ? `${path} is empty` : null;
    },
  };
}

export const kubeletRuns: PhasePart = {
  async fault({ context }) {
    const shown = await context.host.read(['systemctl', 'is-active', 'kubelet.service']);
    const state = shown.stdout.trim();
    return state === 'active' ? null : `kubelet.service is ${state || 'unknown'}`;
  },
};

/** The kubelet has, or is about to get, a certificate by the credentials that were sent this time. */
export const kubeletCredential: PhasePart = {
  async fault({ context, config }) {
    const { host } = context;
    if ((await host.stat(kubernetes.kubeletConfig)) !== null) return null;
    const bootstrap = await host.readFile(kubernetes.bootstrapConfig);
    if (bootstrap === null) return `there is no ${kubernetes.kubeletConfig}`;
    const discovery = discoveryPathIn(config);
    const sent = discovery === undefined ? null : await host.readFile(discovery);
    if (sent === null || userOf(sent, discovery) === userOf(bootstrap)) return null;
    return `${kubernetes.bootstrapConfig} is from earlier credentials`;
  },
};

/** Where a JoinConfiguration finds its credentials. */
export const discoveryPathIn = (config: string): string | undefined =>
  /^\s*kubeConfigPath:\s*(\S+)/m.exec(config)?.[1];

/** What a kubeconfig proves itself by: a certificate, or a token of an agent of 0.1. */
function userOf(text: string, path: string = kubernetes.bootstrapConfig): string {
  const config = parsedOrNull(text, path);
  return config?.['client-certificate-data'] ?? config?.token ?? '';
}

export function object(title: string, path: string): PhasePart {
  return {
    async fault({ api }) {
      const answer = await (await api()).request('GET', path);
      if (answer.status === 404) return `there is no ${title} in the cluster`;
      // kubeadm gives the administrator rights with the first phase that talks to the cluster.
      if (answer.status === 403) return `the administrator may not look for ${title} yet`;
      accepted(`GET ${title}`, answer);
      return null;
    },
  };
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';
export const namespaced = (namespace: string, plural: string, name: string): string =>
  `namespaces/${namespace}/${plural}/${encodeURIComponent(name)}`;
export const configMap = (namespace: string, name: string): PhasePart =>
  object(`ConfigMap ${name}`, `/api/v1/${namespaced(namespace, 'configmaps', name)}`);
export const roleBinding = (namespace: string, name: string): PhasePart =>
  object(`RoleBinding ${name}`, `${rbac}/${namespaced(namespace, 'rolebindings', name)}`);
export const clusterRoleBinding = (name: string): PhasePart =>
  object(`ClusterRoleBinding ${name}`, `${rbac}/clusterrolebindings/${encodeURIComponent(name)}`);

export const controlPlaneLabel: PhasePart = {
  async fault({ args, api, context }) {
    const answer = await (await api()).request('GET', `/api/v1/nodes/${args.nodeName}`);
    if (answer.status === 404) return `node ${args.nodeName} has not registered yet`;
    if (answer.status === 403) return 'the administrator may not look at nodes yet';
    const node = accepted(`GET node ${args.nodeName}`, answer);
    const other = await otherMachine(node, context.host);
    if (other !== null) return `node ${args.nodeName} ${other}`;
    const label = at(node, 'metadata', 'labels', 'node-role.kubernetes.io/control-plane');
    return label === undefined ? `node ${args.nodeName} is not marked as control plane` : null;
  },
};

/** kubelet.conf names the certificate that the kubelet renews, unless it renews none. */
export const rotatingCertificate: PhasePart = {
  async fault({ context: { host } }) {
    const text = (await host.readFile(kubernetes.kubeletConfig)) ?? '';
    if (text.includes(kubernetes.kubeletCertificate)) return null;
    const settings = (await host.readFile(kubernetes.kubeletSettings)) ?? '';
    if (/^rotateCertificates: false$/m.test(settings)) return null;
    return `${kubernetes.kubeletConfig} holds a certificate that nobody renews`;
  },
};
