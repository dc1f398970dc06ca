// The shape of every kind's arguments, for plans that arrive. The type of `shapes` follows StepArgs:
// a kind or a field that is missing here does not compile, so an unknown field can be refused. Pure.
import { isOf } from '../../shared/alphabets.ts';
import type { StepArgs } from '../../shared/model/step.ts';

type ShapeName = 'text' | 'number' | 'yes-no' | 'texts' | 'table' | 'path';

type Shape =
  | ShapeName
  | { readonly optional: Shape }
  | { readonly nullable: Shape }
  | { readonly listOf: Shape }
  | { readonly oneOf: Readonly<Record<string, true>> }
  | { readonly fields: Readonly<Record<string, Shape>> };

/** The shape that values of type T have: what does not fit the type does not compile. */
type ShapeOf<T> = undefined extends T
  ? { readonly optional: ShapeOf<Exclude<T, undefined>> }
  : null extends T
    ? { readonly nullable: ShapeOf<Exclude<T, null>> }
    : [T] extends [string]
      ? TextShape<T>
      : [T] extends [number]
        ? 'number'
        : [T] extends [boolean]
          ? 'yes-no'
          : [T] extends [readonly string[]]
            ? 'texts'
            : [T] extends [readonly (infer Entry)[]]
              ? { readonly listOf: ShapeOf<Entry> }
              : string extends keyof T
                ? 'table'
                : { readonly fields: FieldShapes<T> };

type TextShape<T extends string> = string extends T
  ? 'text' | 'path'
  : { readonly oneOf: Readonly<Record<T, true>> };

type FieldShapes<T> = { readonly [F in keyof T]-?: ShapeOf<T[F]> };

const artifact = {
  fields: {
    name: 'text',
    version: 'text',
    sha256: 'text',
    size: 'number',
    mirrors: { optional: 'texts' },
  },
} as const;
const credentials = {
  fields: { caPath: 'path', certificatePath: 'path', keyPath: 'path' },
} as const;
const cordon = { node: 'text', machineId: 'text', owner: 'text' } as const;
const gifts = {
  labels: 'table',
  taints: {
    listOf: {
      fields: {
        key: 'text',
        value: 'text',
        effect: { oneOf: { NoSchedule: true, PreferNoSchedule: true, NoExecute: true } },
      },
    },
  },
} as const;
const endpoint = { fields: { name: 'text', clientUrl: 'text', peerUrl: 'text' } } as const;

const shapes: { readonly [K in keyof StepArgs]: FieldShapes<StepArgs[K]> } = {
  'disable-swap': {},
  'load-kernel-modules': { modules: 'texts', path: 'path' },
  'set-sysctls': { values: 'table', path: 'path' },
  'write-file': { path: 'path', content: 'text', mode: 'number' },
  'remove-path': { path: 'path' },
  'fetch-artifact': { artifact },
  'install-binary': { artifact, path: 'path' },
  'unpack-archive': { artifact, members: { listOf: { fields: { from: 'text', to: 'path' } } } },
  'import-image': { artifact, namespace: 'text', reference: 'text' },
  'manage-unit': {
    name: 'text',
    content: { nullable: 'text' },
    enabled: 'yes-no',
    state: { oneOf: { running: true, stopped: true, starting: true, any: true } },
    restartOn: 'texts',
  },
  'request-certificate': {
    profile: { oneOf: { 'etcd-peer': true, 'etcd-server': true, 'etcd-client': true } },
    keyPath: 'path',
    certificatePath: 'path',
    caPath: 'path',
    names: 'texts',
    commonName: 'text',
    renewal: { optional: 'text' },
  },
  'wait-etcd-healthy': { members: { listOf: endpoint }, credentials },
  'check-etcd-registry': { endpoints: 'texts', credentials, caPath: 'path' },
  'etcd-snapshot': { path: 'path', endpoint: 'text', credentials },
  'prune-snapshots': { directory: 'path', keep: 'number' },
  'seal-snapshot': {
    path: 'path',
    sealedPath: 'path',
    cluster: 'text',
    id: 'text',
    recoveryKey: 'text',
    files: 'texts',
  },
  'upload-snapshot': { id: 'text', path: 'path', sha256: 'text', bytes: 'number' },
  'defragment-etcd': { endpoint: 'text', credentials },
  'kubeadm-phase': {
    command: { oneOf: { init: true, join: true } },
    phase: 'texts',
    configPath: 'path',
    nodeName: 'text',
  },
  'switch-control-plane': {
    configPath: 'path',
    nodeName: 'text',
    version: 'text',
    server: 'text',
    caPath: 'path',
    waitSeconds: 'number',
  },
  'renew-certificates': {
    renewal: 'text',
    configPath: 'path',
    nodeName: 'text',
    caDigest: 'text',
  },
  'restart-static-pods': {
    pods: {
      listOf: {
        fields: {
          name: {
            oneOf: {
              'kube-apiserver': true,
              'kube-controller-manager': true,
              'kube-scheduler': true,
            },
          },
          files: 'texts',
        },
      },
    },
    server: 'text',
    caPath: 'path',
    mustBeReady: 'yes-no',
    waitSeconds: 'number',
  },
  'wait-certificates-served': {
    ports: {
      listOf: {
        fields: {
          host: 'text',
          port: 'number',
          certificatePath: 'path',
          keyPath: 'path',
          caPath: 'path',
        },
      },
    },
  },
  'update-kubelet-config': { nodeName: 'text' },
  'read-ca-digest': { caPath: 'path', expected: { optional: 'text' } },
  'create-join-credentials': {
    consumer: 'text',
    goal: 'text',
    caDigest: 'text',
    consumerKey: 'text',
    server: 'text',
    ttlSeconds: 'number',
    files: 'texts',
  },
  'delete-join-credentials': { tokenId: 'text' },
  'unseal-secret': {
    sealed: { fields: { encapsulated: 'text', ciphertext: 'text', context: 'text' } },
    caDigest: 'text',
    files: { listOf: { fields: { name: 'text', path: 'path' } } },
  },
  'delete-node': { node: 'text', machineId: 'text' },
  'cordon-node': cordon,
  'uncordon-node': cordon,
  'label-node': { ...gifts, node: 'text', machineId: 'text', before: { fields: gifts } },
  'drain-node': {
    ...cordon,
    podGraceSeconds: { nullable: 'number' },
    evictUnmanaged: 'yes-no',
    deleteEmptyDirData: 'yes-no',
    disableEviction: 'yes-no',
    waitSeconds: 'number',
  },
  'apply-manifest': { name: 'text', manifest: 'text' },
  'wait-node-ready': { node: 'text', kubelet: { optional: 'text' } },
  'wait-apiserver-ready': { url: 'text', caPath: 'path' },
  'roll-daemon-set': { namespace: 'text', name: 'text', proxyPort: { optional: 'number' } },
  'wait-workload-ready': { namespace: 'text', workload: 'text' },
  'issue-user-certificate': { csrPem: 'text', user: 'text', ttlSeconds: 'number' },
  'smoke-test': {
    runId: 'text',
    image: 'text',
    nodes: { listOf: { fields: { name: 'text', address: 'text' } } },
    clusterDomain: 'text',
  },
};

/** What is wrong with the arguments, as one clause; null when they have the shape of their kind. */
export function findStepFault(kind: string, args: unknown): string | null {
  const fields = Object.hasOwn(shapes, kind) ? shapes[kind as keyof StepArgs] : undefined;
  if (fields === undefined) return 'this agent does not know the kind';
  return findFault(args, { fields }, 'args');
}

/** Shapes decide; the path of the field is for the message. */
function findFault(value: unknown, shape: Shape, at: string): string | null {
  if (typeof shape === 'string')
    return hasShape(value, shape) ? null : `${at} must be ${names[shape]}`;
  if ('optional' in shape) return value === undefined ? null : findFault(value, shape.optional, at);
  if ('nullable' in shape) return value === null ? null : findFault(value, shape.nullable, at);
  if ('oneOf' in shape) {
    const isKnown = typeof value === 'string' && Object.hasOwn(shape.oneOf, value);
    return isKnown ? null : `${at} must be one of ${Object.keys(shape.oneOf).join(', ')}`;
  }
  if ('listOf' in shape) {
    if (!Array.isArray(value) || value.length > mostEntries)
      return `${at} must be a list of at most ${mostEntries}`;
    return firstFault(value.map((entry, index) => [entry, shape.listOf, `${at}[${index}]`]));
  }
  if (!isObject(value)) return `${at} must be an object`;
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(shape.fields, name));
  if (unknown !== undefined) return `${at}.${unknown.slice(0, 80)} is unknown`;
  return firstFault(
    Object.entries(shape.fields).map(([name, inner]) => [value[name], inner, `${at}.${name}`]),
  );
}

function firstFault(parts: readonly (readonly [unknown, Shape, string])[]): string | null {
  for (const [value, shape, at] of parts) {
    const fault = findFault(value, shape, at);
    if (fault !== null) return fault;
  }
  return null;
}

/** Whole files and manifests are arguments. */
const longestText = 2 * 1024 * 1024;
const mostEntries = 1_000;

const names: Readonly<Record<ShapeName, string>> = {
  text: `a text of at most ${longestText} characters`,
  number: 'a whole number',
  'yes-no': 'true or false',
  texts: `a list of at most ${mostEntries} texts`,
  table: `an object of at most ${mostEntries} texts`,
  path: 'an absolute path of plain names without ..',
};

const isText = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= longestText;

function hasShape(value: unknown, shape: ShapeName): boolean {
  switch (shape) {
    case 'text':
      return isText(value);
    case 'number':
      return Number.isSafeInteger(value) && Number(value) >= 0;
    case 'yes-no':
      return typeof value === 'boolean';
    case 'texts':
      return Array.isArray(value) && value.length <= mostEntries && value.every(isText);
    case 'table':
      return (
        isObject(value) &&
        Object.keys(value).length <= mostEntries &&
        Object.values(value).every(isText)
      );
    case 'path':
      return typeof value === 'string' && isOf('path', value);
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
