// The second wall before a plan: what each argument of each kind of step may be made of. Facts, specs
// and outputs were judged when they came; a step is checked all the same when it is built, so that no
// way in that was overlooked ends on a host. The type of the table follows StepArgs: a kind or a field
// that is missing here does not compile.
import { checked, type TextKind } from '../../shared/alphabets.ts';
import { unreachable } from '../../shared/errors.ts';
import type { StepArgs, StepKind } from '../../shared/model/step.ts';

/** ours: a word of our own vocabulary. rendered: a whole text, made by a renderer or by the operator. */
type Text = { readonly text: TextKind | 'ours' | 'rendered' };

type Rule =
  | Text
  | { readonly listOf: Rule }
  | { readonly table: readonly [key: TextKind, value: TextKind] }
  | { readonly fields: Readonly<Record<string, Rule>> }
  | 'no-text';

type RuleOf<T> = [T] extends [string]
  ? Text
  : [T] extends [number | boolean]
    ? 'no-text'
    : [T] extends [readonly (infer Entry)[]]
      ? { readonly listOf: RuleOf<Entry> }
      : string extends keyof T
        ? { readonly table: readonly [TextKind, TextKind] }
        : { readonly fields: FieldRules<T> };

type FieldRules<T> = { readonly [F in keyof T]-?: RuleOf<NonNullable<T[F]>> };

const text = (kind: TextKind | 'ours' | 'rendered'): Text => ({ text: kind });
const texts = (kind: TextKind) => ({ listOf: text(kind) });
const path = text('path');
const url = text('url');
const noText = 'no-text' as const;

const artifact = {
  fields: {
    name: text('identifier'),
    version: text('version'),
    sha256: text('sha256'),
    size: noText,
    mirrors: texts('url'),
  },
};
const credentials = { fields: { caPath: path, certificatePath: path, keyPath: path } };
const cordon = {
  node: text('nodeName'),
  machineId: text('machineId'),
  owner: text('cordonOwner'),
};
const gifts = {
  labels: { table: ['labelName', 'labelValue'] },
  taints: {
    listOf: {
      fields: { key: text('labelName'), value: text('labelValue'), effect: text('ours') },
    },
  },
} as const;
const member = { fields: { name: text('nodeName'), clientUrl: url, peerUrl: url } };

const rules: { readonly [K in StepKind]: FieldRules<StepArgs[K]> } = {
  'disable-swap': {},
  'load-kernel-modules': { modules: texts('kernelModule'), path },
  'set-sysctls': { values: { table: ['sysctlName', 'line'] }, path },
  'write-file': { path, content: text('rendered'), mode: noText },
  'remove-path': { path },
  'fetch-artifact': { artifact },
  'install-binary': { artifact, path },
  'unpack-archive': {
    artifact,
    members: { listOf: { fields: { from: text('archiveMember'), to: path } } },
  },
  'import-image': { artifact, namespace: text('identifier'), reference: text('imageReference') },
  'manage-unit': {
    name: text('unitName'),
    content: text('rendered'),
    enabled: noText,
    state: text('ours'),
    restartOn: texts('path'),
  },
  'request-certificate': {
    profile: text('ours'),
    keyPath: path,
    certificatePath: path,
    caPath: path,
    names: texts('certificateName'),
    commonName: text('nodeName'),
    renewal: text('identifier'),
  },
  'wait-etcd-healthy': { members: { listOf: member }, credentials },
  'check-etcd-registry': { endpoints: texts('url'), credentials, caPath: path },
  'etcd-snapshot': { path, endpoint: url, credentials },
  'prune-snapshots': { directory: path, keep: noText },
  'seal-snapshot': {
    path,
    sealedPath: path,
    cluster: text('identifier'),
    id: text('identifier'),
    recoveryKey: text('base64'),
    files: texts('path'),
  },
  'upload-snapshot': { id: text('identifier'), path, sha256: text('sha256'), bytes: noText },
  'defragment-etcd': { endpoint: url, credentials },
  'kubeadm-phase': {
    command: text('ours'),
    phase: texts('identifier'),
    configPath: path,
    nodeName: text('nodeName'),
  },
  'switch-control-plane': {
    configPath: path,
    nodeName: text('nodeName'),
    version: text('version'),
    server: url,
    caPath: path,
    waitSeconds: noText,
  },
  'renew-certificates': {
    renewal: text('identifier'),
    configPath: path,
    nodeName: text('nodeName'),
    caDigest: text('sha256'),
  },
  'restart-static-pods': {
    pods: { listOf: { fields: { name: text('ours'), files: texts('path') } } },
    server: url,
    caPath: path,
    mustBeReady: noText,
    waitSeconds: noText,
  },
  'wait-certificates-served': {
    ports: {
      listOf: {
        fields: {
          host: text('address'),
          port: noText,
          certificatePath: path,
          keyPath: path,
          caPath: path,
        },
      },
    },
  },
  'update-kubelet-config': { nodeName: text('nodeName') },
  'read-ca-digest': { caPath: path, expected: text('sha256') },
  'create-join-credentials': {
    consumer: text('nodeName'),
    goal: text('line'),
    caDigest: text('sha256'),
    consumerKey: text('base64'),
    server: url,
    ttlSeconds: noText,
    files: texts('path'),
  },
  'delete-join-credentials': { tokenId: text('bootstrapTokenId') },
  'unseal-secret': {
    caDigest: text('sha256'),
    sealed: {
      fields: {
        encapsulated: text('base64'),
        ciphertext: text('base64'),
        context: text('sealContext'),
      },
    },
    files: { listOf: { fields: { name: text('secretName'), path } } },
  },
  'delete-node': { node: text('nodeName'), machineId: text('machineId') },
  'cordon-node': cordon,
  'uncordon-node': cordon,
  'label-node': {
    ...gifts,
    node: text('nodeName'),
    machineId: text('machineId'),
    before: { fields: gifts },
  },
  'drain-node': {
    ...cordon,
    podGraceSeconds: noText,
    evictUnmanaged: noText,
    deleteEmptyDirData: noText,
    disableEviction: noText,
    waitSeconds: noText,
  },
  'apply-manifest': { name: text('identifier'), manifest: text('rendered') },
  'wait-node-ready': { node: text('nodeName'), kubelet: text('version') },
  'wait-apiserver-ready': { url, caPath: path },
  'roll-daemon-set': {
    namespace: text('identifier'),
    name: text('identifier'),
    proxyPort: noText,
  },
  'wait-workload-ready': { namespace: text('identifier'), workload: text('workload') },
  'issue-user-certificate': { csrPem: text('pem'), user: text('userName'), ttlSeconds: noText },
  'smoke-test': {
    runId: text('identifier'),
    image: text('imageReference'),
    nodes: { listOf: { fields: { name: text('nodeName'), address: text('address') } } },
    clusterDomain: text('dnsName'),
  },
};

/** @throws AppError invalid, naming the step and the argument. */
export function checkStep<K extends StepKind>(id: string, kind: K, args: StepArgs[K]): void {
  check(args, { fields: rules[kind] }, `step ${id} (${kind})`);
}

/** The types say that it is one; what is not has nothing to do in a plan. */
const asText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

function check(value: unknown, rule: Rule, where: string): void {
  if (rule === 'no-text' || value === null || value === undefined) return;
  if ('text' in rule) {
    if (rule.text !== 'ours' && rule.text !== 'rendered') checked(rule.text, asText(value), where);
  } else if ('listOf' in rule) {
    for (const [index, entry] of (value as readonly unknown[]).entries()) {
      check(entry, rule.listOf, `${where}[${index}]`);
    }
  } else if ('table' in rule) {
    const [key, inner] = rule.table;
    for (const [name, entry] of Object.entries(value)) {
      checked(inner, asText(entry), `${where}.${checked(key, name, where)}`);
    }
  } else if ('fields' in rule) {
    for (const [name, entry] of Object.entries(rule.fields)) {
      check((value as Readonly<Record<string, unknown>>)[name], entry, `${where}.${name}`);
    }
  } else unreachable(rule);
}
