// The documents of a rendered manifest and where the API keeps each of them. Pure. Not a YAML reader:
// only the head of a document is looked at (apiVersion, kind, metadata), in the form our renderer writes it;
// the API server reads the rest. A kind that is not in the table is refused, not guessed.
import { AppError } from '../../shared/errors.ts';

export interface ManifestDocument {
  /** For people: `DaemonSet kube-system/flannel`. */
  readonly title: string;
  readonly path: string;
  readonly text: string;
}

interface Resource {
  readonly base: string;
  readonly plural: string;
  readonly isNamespaced: boolean;
}

const core = (plural: string): Resource => ({ base: '/api/v1', plural, isNamespaced: true });
const apps = (plural: string): Resource => ({ base: '/apis/apps/v1', plural, isNamespaced: true });
const rbac = (plural: string): Resource => ({
  base: '/apis/rbac.authorization.k8s.io/v1',
  plural,
  isNamespaced: !plural.startsWith('cluster'),
});

const resources: Readonly<Record<string, Resource>> = {
  'v1 Namespace': { base: '/api/v1', plural: 'namespaces', isNamespaced: false },
  'v1 ServiceAccount': core('serviceaccounts'),
  'v1 ConfigMap': core('configmaps'),
  'v1 Secret': core('secrets'),
  'v1 Service': core('services'),
  'apps/v1 DaemonSet': apps('daemonsets'),
  'apps/v1 Deployment': apps('deployments'),
  'rbac.authorization.k8s.io/v1 Role': rbac('roles'),
  'rbac.authorization.k8s.io/v1 RoleBinding': rbac('rolebindings'),
  'rbac.authorization.k8s.io/v1 ClusterRole': rbac('clusterroles'),
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': rbac('clusterrolebindings'),
};

/** @throws AppError invalid: a document without head or of an unknown kind. */
export function manifestDocuments(name: string, manifest: string): readonly ManifestDocument[] {
  const texts = manifest.split(/^---[ \t]*$/m).filter((text) => /^[^#\s]/m.test(text));
  if (texts.length === 0) throw new AppError('invalid', `manifest ${name} holds no document`);
  return texts.map((text, index) => locate(text, `document ${index + 1} of manifest ${name}`));
}

function locate(text: string, what: string): ManifestDocument {
  const apiVersion = textOf(text, /^apiVersion:(.*)$/m);
  const kind = textOf(text, /^kind:(.*)$/m);
  const metadata = /^metadata:[ \t]*\n((?:[ \t]+.*\n?|[ \t]*\n)+)/m.exec(text)?.[1] ?? '';
  const indent = /^[ \t]+/.exec(metadata)?.[0] ?? '';
  const field = (name: string): string =>
    textOf(metadata, new RegExp(`^${indent}${name}:(.*)$`, 'm'));
  const name = field('name');
  if (apiVersion === '' || kind === '' || name === '') {
    throw new AppError('invalid', `${what} does not begin with apiVersion, kind and metadata.name`);
  }
  const key = `${apiVersion} ${kind}`;
  const resource = Object.hasOwn(resources, key) ? resources[key] : undefined;
  if (resource === undefined) {
    throw new AppError(
      'invalid',
      `${what} is a ${key}, which this agent cannot apply: a newer agent may`,
    );
  }
  const namespace = field('namespace') || 'default';
  const scope = resource.isNamespaced ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return {
    title: `${kind} ${resource.isNamespaced ? `${namespace}/` : ''}${name}`,
    path: `${resource.base}${scope}/${resource.plural}/${encodeURIComponent(name)}`,
    text,
  };
}

function textOf(text: string, pattern: RegExp): string {
  const value = (pattern.exec(text)?.[1] ?? '').trim();
  return value.replace(/^(["'])(.*)\1$/, '$2');
}
