import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseKubeconfig, readKubeconfig } from '../../../../agent/host/kubeconfig.ts';
import { nodeIdOf } from '../../../../agent/identity/node-key.ts';
import { caDigestOf } from '../../../../agent/steps/ca-digest.ts';
import { createJoinCredentials } from '../../../../agent/steps/create-join-credentials.ts';
import {
  deleteJoinCredentials,
  tokenSecretPath,
} from '../../../../agent/steps/delete-join-credentials.ts';
import { readCaDigest } from '../../../../agent/steps/read-ca-digest.ts';
import { unsealSecret } from '../../../../agent/steps/unseal-secret.ts';
import type { SealedSecret, StepArgs } from '../../../../shared/model/step.ts';
import { openFiles, type SealPurpose, sealFiles } from '../../../../shared/seal.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { signing } from '../../../support/signing-cluster.ts';
import { fakeContext } from './fake-context.ts';

const node = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const nodeKey = node.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const caKey = '/etc/kubernetes/pki/ca.key';
const consumerDer = node.publicKey.export({ type: 'spki', format: 'der' });
const purpose: SealPurpose = {
  fleet: 'f-1',
  cluster: 'lab',
  consumer: nodeIdOf(consumerDer),
  goal: 'join control plane',
};
const argsFor = (server: KubeApiServer): StepArgs['create-join-credentials'] => ({
  consumer: 'h2',
  goal: purpose.goal,
  caDigest: caDigestOf(server.ca.certificate),
  consumerKey: consumerDer.toString('base64'),
  server: 'https://127.0.0.1:9443',
  ttlSeconds: 900,
  files: [caKey],
});

function aMaster(server: KubeApiServer) {
  const host = new FakeHost()
    .put('/etc/kubernetes/admin.conf', server.adminConfig)
    .put('/etc/kubernetes/pki/ca.crt', server.ca.certificate)
    .put(caKey, server.ca.key);
  return { host, context: fakeContext(host) };
}

/** The host that the credentials are for. */
function aConsumer(server: KubeApiServer, sealed: SealedSecret, its: Partial<SealPurpose> = {}) {
  const host = new FakeHost();
  const context = fakeContext(host, {
    unseal: async (given) => await openFiles(given, nodeKey, { ...purpose, ...its }),
  });
  const caDigest = caDigestOf(server.ca.certificate);
  const files = [
    { name: 'discovery.conf', path: '/etc/kubernetes/discovery.conf' },
    { name: caKey, path: caKey },
  ];
  return { host, context, args: { sealed, caDigest, files } };
}

const bindingPath =
  '/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/rolebindings/muster%3Ajoining-nodes';

/** What is sealed, on the host that it is for. */
async function openedBy(outputs: Readonly<Record<string, string>> = {}) {
  const sealed = JSON.parse(outputs['sealed'] ?? '') as SealedSecret;
  return { sealed, files: await openFiles(sealed, nodeKey, purpose) };
}

test('makes a certificate of one node, and what is sealed opens on its consumer alone', async () => {
  await using server = await KubeApiServer.start();
  const approvals = signing(server);
  const { host, context } = aMaster(server);
  expect(await createJoinCredentials.check(argsFor(server), context)).toMatchObject({
    kind: 'needed',
  });
  const { outputs = {} } = await createJoinCredentials.apply(argsFor(server), context);
  await createJoinCredentials.verify?.(argsFor(server), context);
  expect(Object.keys(outputs)).toEqual(['sealed']);

  const { sealed, files } = await openedBy(outputs);
  expect(sealed.context).toBe('p1/step');
  expect(files[caKey]).toBe(server.ca.key);
  const discovery = '/etc/kubernetes/discovery.conf';
  host.put(discovery, files['discovery.conf'] ?? '');
  const config = await readKubeconfig(host, discovery);
  expect(config).toMatchObject({
    server: 'https://127.0.0.1:9443',
    ca: server.ca.certificate,
  });
  const certificate = new X509Certificate(config.certificate ?? '');
  expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:h2');
  expect(certificate.checkPrivateKey(createPrivateKey(config.key ?? ''))).toBe(true);
  expect(config.token).toBeUndefined();
  expect(approvals.map(({ body }) => body)).toMatchObject([
    {
      spec: {
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        expirationSeconds: 900,
        usages: ['digital signature', 'client auth'],
      },
      status: { conditions: [{ type: 'Approved', status: 'True', message: 'the join of h2' }] },
    },
  ]);
  // Nothing secret anywhere but under the seal.
  const secret = config.key?.split('\n')[1] ?? 'none';
  const said = JSON.stringify([outputs, host.lines, context.said, [...server.objects], approvals]);
  expect(said).not.toContain(secret);
  expect(host.changes).toEqual([]);
});

test('leaves no bootstrap token and no request in the cluster, and joining nodes may read what kubeadm reads', async () => {
  await using server = await KubeApiServer.start();
  signing(server);
  await createJoinCredentials.apply(argsFor(server), aMaster(server).context);
  expect([...server.objects.keys()]).toEqual([bindingPath]);
  expect(server.lines.some((line) => line.includes('/secrets/'))).toBe(false);
  expect(server.objects.get(bindingPath)).toMatchObject({
    roleRef: { kind: 'Role', name: 'kube-proxy' },
    subjects: [{ kind: 'Group', name: 'system:nodes' }],
  });
});

test('a repeat replaces the request of the attempt before, and has another key', async () => {
  await using server = await KubeApiServer.start();
  signing(server);
  const { context } = aMaster(server);
  const keyOf = async (outputs: Readonly<Record<string, string>> = {}) => {
    const { files } = await openedBy(outputs);
    return parseKubeconfig(files['discovery.conf'] ?? '', 'discovery.conf')['client-key-data'];
  };
  const first = await createJoinCredentials.apply(argsFor(server), context);
  const path = server.lines.find((line) => /^PUT .*approval/.test(line))?.split(' ')[1];
  server.objects.set((path ?? '').replace('/approval', ''), { spec: 'of an attempt cut off' });
  const second = await createJoinCredentials.apply(argsFor(server), context);
  expect(await keyOf(second.outputs)).not.toBe(await keyOf(first.outputs));
  expect([...server.objects.keys()]).toEqual([bindingPath]);
});

test('an approver of the cluster that was quicker is as good', async () => {
  await using server = await KubeApiServer.start();
  signing(server);
  let isFirst = true;
  server.on(/PUT .*\/approval$/, () => {
    const answer = isFirst ? { status: 409, body: { message: 'has been modified' } } : null;
    isFirst = false;
    return answer;
  });
  const { outputs } = await createJoinCredentials.apply(argsFor(server), aMaster(server).context);
  expect(outputs?.['sealed']).toBeDefined();
});

test('a master without the shared keys makes no credentials', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = aMaster(server);
  host.files.delete(caKey);
  await expect(createJoinCredentials.apply(argsFor(server), context)).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining(caKey),
  });
  expect(server.lines).toEqual([]);
});

test('a key that nothing can be sealed to is refused before anything is signed', async () => {
  await using server = await KubeApiServer.start();
  const { context } = aMaster(server);
  const wrong = { ...argsFor(server), consumerKey: Buffer.from('no key').toString('base64') };
  await expect(createJoinCredentials.apply(wrong, context)).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('h2'),
  });
  expect(server.lines).toEqual([]);
});

test('deletes a token, and one that is gone is as good', async () => {
  await using server = await KubeApiServer.start();
  const { context } = aMaster(server);
  const tokenId = 'abcdef';
  server.objects.set(tokenSecretPath(tokenId), { type: 'bootstrap.kubernetes.io/token' });
  expect(await deleteJoinCredentials.check({ tokenId }, context)).toMatchObject({ kind: 'needed' });
  await deleteJoinCredentials.apply({ tokenId }, context);
  expect(server.objects.size).toBe(0);
  expect(await deleteJoinCredentials.check({ tokenId }, context)).toEqual({ kind: 'satisfied' });
  await deleteJoinCredentials.apply({ tokenId }, context);
});

test.each(['../..', 'abc', 'abcdef/..', ''])('%j is not the id of a token', async (tokenId) => {
  await using server = await KubeApiServer.start();
  const { context } = aMaster(server);
  await expect(deleteJoinCredentials.apply({ tokenId }, context)).rejects.toMatchObject({
    code: 'invalid',
  });
  expect(server.lines).toEqual([]);
});

test('lays down what was sealed for root alone, and notices when it differs', async () => {
  await using server = await KubeApiServer.start();
  signing(server);
  const { outputs } = await createJoinCredentials.apply(argsFor(server), aMaster(server).context);
  const { host, context, args: unseal } = aConsumer(server, JSON.parse(outputs?.['sealed'] ?? ''));
  expect(await unsealSecret.check(unseal, context)).toMatchObject({ kind: 'needed' });
  await unsealSecret.apply(unseal, context);
  expect(await unsealSecret.check(unseal, context)).toEqual({ kind: 'satisfied' });
  expect(host.changes).toEqual([
    'write /etc/kubernetes/discovery.conf 0600',
    `write ${caKey} 0600`,
  ]);
  host.put(caKey, server.ca.key, 0o644);
  expect(await unsealSecret.check(unseal, context)).toMatchObject({ kind: 'needed' });
  host.put(caKey, 'another', 0o600);
  expect(await unsealSecret.check(unseal, context)).toMatchObject({ why: `${caKey} differs` });
});

test('writes nothing when a name is missing or the seal is another’s', async () => {
  await using server = await KubeApiServer.start();
  signing(server);
  const { outputs } = await createJoinCredentials.apply(argsFor(server), aMaster(server).context);
  const sealed = JSON.parse(outputs?.['sealed'] ?? '') as SealedSecret;
  const { host, context, args: unseal } = aConsumer(server, sealed);
  const more = { ...unseal, files: [...unseal.files, { name: 'toString', path: '/etc/x' }] };
  await expect(unsealSecret.apply(more, context)).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('toString'),
  });
  const moved = { ...unseal, sealed: { ...sealed, context: 'p2/step' } };
  await expect(unsealSecret.apply(moved, context)).rejects.toMatchObject({
    code: 'credentials-expired',
    message: expect.stringContaining('p2/step'),
  });
  expect(host.changes).toEqual([]);
});

test.each([
  ['another fleet', { fleet: 'f-2' }],
  ['another cluster', { cluster: 'production' }],
  ['another host', { consumer: 'bbbbbbbbbbbbbbbb' }],
  ['another goal', { goal: 'join as worker' }],
] as const)('what was sealed opens in no plan for %s', async (_what, its) => {
  await using server = await KubeApiServer.start();
  signing(server);
  const { outputs } = await createJoinCredentials.apply(argsFor(server), aMaster(server).context);
  const sealed = JSON.parse(outputs?.['sealed'] ?? '') as SealedSecret;
  const { host, context, args } = aConsumer(server, sealed, its);
  // Which means: plan again, with credentials made anew.
  await expect(unsealSecret.apply(args, context)).rejects.toMatchObject({
    code: 'credentials-expired',
  });
  expect(host.changes).toEqual([]);
});

test('what was sealed before secrets were bound to a goal has to be made again', async () => {
  await using server = await KubeApiServer.start();
  // As agents of 0.2 sealed: nothing but plan and step of the maker, as the message itself says.
  const sealed: SealedSecret = {
    context: 'p1/credentials',
    encapsulated:
      'BDR1hV2tKXAoT3XcEyO0xbZsZZZ0UZnFfN2Pd/jWJYBqGbVCNvHvuiQTxAuGpNnIzHr2vLYx4CQsRGGB0hXVVUk=',
    ciphertext: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  };
  const { host, context, args } = aConsumer(server, sealed);
  await expect(unsealSecret.check(args, context)).rejects.toMatchObject({
    code: 'credentials-expired',
  });
  expect(host.changes).toEqual([]);
});

test('a master whose CA is not the one of the record seals nothing', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = aMaster(server);
  await using other = await KubeApiServer.start();
  host.put('/etc/kubernetes/pki/ca.crt', other.ca.certificate);
  await expect(createJoinCredentials.apply(argsFor(server), context)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining(caDigestOf(other.ca.certificate)),
  });
  expect(server.lines).toEqual([]);
});

test.each(['discovery.conf', '/etc/kubernetes/pki/ca.crt'])(
  'a host lays nothing down when %s brings another CA',
  async (name) => {
    await using server = await KubeApiServer.start();
    await using other = await KubeApiServer.start();
    const data = Buffer.from(other.ca.certificate).toString('base64');
    const config = JSON.stringify({ cluster: { 'certificate-authority-data': data } });
    const files = { [name]: name.endsWith('.conf') ? config : other.ca.certificate };
    const publicKey = consumerDer.toString('base64');
    const sealed = await sealFiles(files, { publicKey, purpose, context: 'p1/step' });
    const { host, context, args } = aConsumer(server, sealed);
    const unseal = { ...args, files: [{ name, path: '/etc/kubernetes/laid-down' }] };
    await expect(unsealSecret.apply(unseal, context)).rejects.toMatchObject({ code: 'conflict' });
    expect(host.changes).toEqual([]);
  },
);

test('a host whose CA is not the one of the record goes no further', async () => {
  await using server = await KubeApiServer.start();
  const { context } = aMaster(server);
  const caPath = '/etc/kubernetes/pki/ca.crt';
  const ours = { caPath, expected: caDigestOf(server.ca.certificate) };
  expect(await readCaDigest.check(ours, context)).toMatchObject({ kind: 'satisfied' });
  const other = { caPath, expected: 'ab'.repeat(32) };
  await expect(readCaDigest.check(other, context)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('ab'.repeat(32)),
  });
});

test('reads the digest of a CA, and says when there is none', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = aMaster(server);
  const caPath = '/etc/kubernetes/pki/ca.crt';
  expect(await readCaDigest.check({ caPath }, context)).toMatchObject({
    kind: 'satisfied',
    outputs: { caDigest: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  host.put(caPath, 'no certificate');
  await expect(readCaDigest.check({ caPath }, context)).rejects.toMatchObject({ code: 'invalid' });
  host.files.delete(caPath);
  await expect(readCaDigest.check({ caPath }, context)).rejects.toMatchObject({
    code: 'not-found',
  });
});
