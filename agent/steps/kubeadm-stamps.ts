// What kubeadm keeps in a cluster that lives: objects that are there, and are of today's configuration. Each
// bears a mark with the digest of what it was rendered from and of what came out, so that a change of either
// has the phase run again, by whichever master. kubeadm takes the marks away when somebody runs it by hand.
import { digestOf } from '../../shared/canonical.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { at, listAt, textAt } from './kube-object.ts';
import { accepted, getObject } from './kube-session.ts';
import type { PhaseInput, PhasePart } from './kubeadm-phase-parts.ts';

/** An annotation of the object itself: it restarts nothing. */
const MARK = 'muster/rendered-from';
/** An annotation of kube-proxy's pods: of which configuration they were started. */
const STARTED_WITH = 'muster/started-with';

export interface Stamped {
  /** `ConfigMap kubeadm-config`. */
  readonly title: string;
  readonly path: string;
  /** Of the documents of the configuration that it is rendered from. What is one host's own is not among them. */
  readonly kinds: readonly string[];
  /** What of it is kubeadm's. */
  content(object: unknown, api: KubeApi): Promise<unknown>;
}

export function stamped({ title, path, kinds, content }: Stamped): PhasePart {
  const markFor = async (object: unknown, input: PhaseInput): Promise<string> => {
    const from = documentsOf(input.config, kinds);
    return digestOf([from, (await content(object, await input.api())) ?? null]);
  };
  return {
    async fault(input) {
      const answer = await (await input.api()).request('GET', path);
      if (answer.status === 404) return `there is no ${title} in the cluster`;
      // kubeadm gives the administrator rights with the first phase that talks to the cluster.
      if (answer.status === 403) return `the administrator may not look for ${title} yet`;
      const object = accepted(`GET ${title}`, answer);
      const mark = at(object, 'metadata', 'annotations', MARK);
      return mark === (await markFor(object, input))
        ? null
        : `${title} is not of this configuration`;
    },
    async stamp(input) {
      const api = await input.api();
      const mark = await markFor(await getObject(api, path), input);
      await annotate(api, path, { metadata: { annotations: { [MARK]: mark } } });
    },
  };
}

const proxyConfig = '/api/v1/namespaces/kube-system/configmaps/kube-proxy';
const proxyPods = '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy';

/** kube-proxy reads its configuration once: its pods are started again with another one. */
export const proxyPodsFollow: PhasePart = {
  async fault({ api }) {
    const [config, pods] = await Promise.all([
      getObject(await api(), proxyConfig),
      getObject(await api(), proxyPods),
    ]);
    const startedWith = at(pods, 'spec', 'template', 'metadata', 'annotations', STARTED_WITH);
    const isOfToday =
      startedWith === undefined ? isUnchanged(config, pods) : startedWith === dataDigest(config);
    return isOfToday ? null : 'the pods of kube-proxy run with an earlier configuration';
  },
  async stamp(input) {
    if ((await proxyPodsFollow.fault(input)) === null) return;
    const api = await input.api();
    const annotations = { [STARTED_WITH]: dataDigest(await getObject(api, proxyConfig)) };
    await annotate(api, proxyPods, { spec: { template: { metadata: { annotations } } } });
  },
};

/** The pods of an install: nobody wrote the configuration since they were made. */
function isUnchanged(config: unknown, pods: unknown): boolean {
  const madeMs = Date.parse(textAt(pods, 'metadata', 'creationTimestamp'));
  const writes = listAt(config, 'metadata', 'managedFields').filter(
    (entry) => at(entry, 'fieldsV1', 'f:data') !== undefined,
  );
  return writes.every((entry) => Date.parse(textAt(entry, 'time')) <= madeMs);
}

const dataDigest = (object: unknown): string => digestOf(at(object, 'data') ?? null);

async function annotate(api: KubeApi, path: string, patch: object): Promise<void> {
  const answer = await api.request('PATCH', `${path}?fieldManager=muster`, {
    body: patch,
    contentType: 'application/merge-patch+json',
  });
  accepted(`mark ${path}`, answer);
}

function documentsOf(config: string, kinds: readonly string[]): readonly string[] {
  const kindOf = (text: string): string => /^kind:[ \t]*(\S+)/m.exec(text)?.[1] ?? '';
  return config
    .split(/^---[ \t]*$/m)
    .filter((text) => kinds.includes(kindOf(text)))
    .map((text) => text.trim());
}

const cluster = 'ClusterConfiguration';
const system = (plural: string, name: string): string =>
  `namespaces/kube-system/${plural}/${encodeURIComponent(name)}`;
const image = (object: unknown): unknown =>
  listAt(object, 'spec', 'template', 'spec', 'containers').map((one) => at(one, 'image'));

export const configOf = (name: string, kinds: readonly string[]): PhasePart =>
  stamped({
    title: `ConfigMap ${name}`,
    path: `/api/v1/${system('configmaps', name)}`,
    kinds: [cluster, ...kinds],
    content: async (object) => at(object, 'data'),
  });

/** The rules of joining go with a version of Kubernetes; this is what kubeadm writes last of them. */
export const joiningRules: PhasePart = stamped({
  title: 'RoleBinding kubeadm:bootstrap-signer-clusterinfo',
  path: `/apis/rbac.authorization.k8s.io/v1/namespaces/kube-public/rolebindings/${encodeURIComponent('kubeadm:bootstrap-signer-clusterinfo')}`,
  kinds: [cluster],
  content: async (object) => [at(object, 'roleRef'), at(object, 'subjects')],
});

/** Its image; what an operator made of its Corefile and its replicas is kept, as kubeadm keeps it. */
export const coreDns: PhasePart = stamped({
  title: 'Deployment coredns',
  path: `/apis/apps/v1/${system('deployments', 'coredns')}`,
  kinds: [cluster],
  content: async (object) => image(object),
});

/** Its image, and the configuration that its pods read. */
export const kubeProxy: PhasePart = stamped({
  title: 'DaemonSet kube-proxy',
  path: proxyPods,
  kinds: [cluster, 'KubeProxyConfiguration'],
  content: async (object, api) => [image(object), dataDigest(await getObject(api, proxyConfig))],
});
