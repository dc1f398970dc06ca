// What kubeadm's phases leave behind: files of the host, and objects that the cluster keeps. A phase is
// done when all of it is there. Kubeadm keeps a key that is there, and makes one that is not.
import { sha256Hex } from '../../../shared/canonical.ts';
import type { SimHost } from './host.ts';
import { KUBELET, KUBELET_CONFIG, manifestPath } from './kubernetes.ts';
import type { Place } from './programs.ts';

export interface Part {
  readonly isThere: () => boolean;
  readonly make: () => void;
}

export const PKI = '/etc/kubernetes/pki';
export const CA_PATH = `${PKI}/ca.crt`;
export const DISCOVERY = '/etc/kubernetes/muster-discovery.conf';

const pair = (name: string): readonly string[] => [
  `file ${PKI}/${name}.crt`,
  `file ${PKI}/${name}.key`,
];
const leaves = ['apiserver', 'apiserver-kubelet-client', 'front-proxy-client'].flatMap(pair);
const configs = ['admin.conf', 'controller-manager.conf', 'scheduler.conf'].map(
  (name) => `file /etc/kubernetes/${name}`,
);
const manifests = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(
  (name) => `file ${manifestPath(name)}`,
);
const kubelet = ['file /var/lib/kubelet/config.yaml', `unit ${KUBELET}`];

const phases: Readonly<Record<string, readonly string[]>> = {
  'init certs ca': pair('ca'),
  'init certs front-proxy-ca': pair('front-proxy-ca'),
  'init certs sa': [`file ${PKI}/sa.key`, `file ${PKI}/sa.pub`],
  'init certs apiserver': pair('apiserver'),
  'init certs apiserver-kubelet-client': pair('apiserver-kubelet-client'),
  'init certs front-proxy-client': pair('front-proxy-client'),
  'init kubeconfig all': [...configs, `file ${KUBELET_CONFIG}`],
  'init control-plane all': manifests,
  'init kubelet-start': kubelet,
  'init upload-config all': ['object kubeadm-config', 'object kubelet-config'],
  'init mark-control-plane': ['label'],
  'init bootstrap-token': ['object kubelet-bootstrap', 'object cluster-info'],
  'init addon all': ['object coredns', 'object kube-proxy'],
  'init kubelet-finalize all': ['file /var/lib/kubelet/finalized'],
  'join kubelet-start': [`file ${KUBELET_CONFIG}`, ...kubelet],
  'join control-plane-prepare certs': [...leaves],
  'join control-plane-prepare kubeconfig': configs,
  'join control-plane-prepare control-plane': manifests,
  'join control-plane-join mark-control-plane': ['label'],
};

export function phaseParts(name: string, place: Place): readonly Part[] {
  const parts = phases[name];
  if (parts === undefined) throw new Error(`the simulated kubeadm has no phase ${name}`);
  return parts.map((part) => partOf(part, place));
}

function partOf(text: string, { host, world }: Place): Part {
  const [kind = '', what = ''] = text.split(' ');
  switch (kind) {
    case 'file':
      return {
        isThere: () => host.files.has(what),
        make: () => {
          if (!host.files.has(what)) host.put(what, `${what} of ${host.name}, ${world.next()}`);
        },
      };
    case 'unit':
      return {
        isThere: () => host.isRunning(what),
        make: () => host.setUnit(what, { isRunning: true, isEnabled: true }),
      };
    case 'label':
      return {
        isThere: () => world.kube.objects.has(`control-plane ${host.name}`),
        make: () => void world.kube.objects.add(`control-plane ${host.name}`),
      };
    default:
      return {
        isThere: () => world.kube.objects.has(what),
        make: () => {
          world.kube.objects.add(what);
          world.etcd.registry ??= caDigestOf(host);
        },
      };
  }
}

export const caDigestOf = (host: SimHost): string => sha256Hex(host.files.get(CA_PATH) ?? '');

/** What kubeadm says when it cannot do its work now; null while it can. */
export function whyPhaseFails(name: string, { host, world }: Place): string | null {
  const isInCluster = phases[name]?.some((part) => part.startsWith('object') || part === 'label');
  if (isInCluster === true) {
    if (!world.kube.isAnyApiReady()) return 'error: the API server does not answer';
    if (name.endsWith('mark-control-plane') && !world.kube.hasNode(host.name))
      return `error: nodes "${host.name}" not found`;
  }
  if (name !== 'join kubelet-start') return null;
  if (!world.kube.isAnyApiReady()) return 'error: the API server does not answer';
  const credentials = host.files.get(DISCOVERY) ?? '';
  const untilMs = world.kube.credentials.get(credentials);
  return untilMs === undefined || untilMs < world.scheduler.nowMs
    ? 'error: the token is expired or not found'
    : null;
}
