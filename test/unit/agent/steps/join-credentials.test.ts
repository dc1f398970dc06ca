import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseKubeconfig } from '../../../../agent/host/kubeconfig.ts';
import { nodeIdOf } from '../../../../agent/identity/node-key.ts';
import { caDigestOf } from '../../../../agent/steps/ca-digest.ts';
import { createJoinCredentials } from '../../../../agent/steps/create-join-credentials.ts';
import { deleteJoinCredentials } from '../../../../agent/steps/delete-join-credentials.ts';
import { readCaDigest } from '../../../../agent/steps/read-ca-digest.ts';
import { unsealSecret } from '../../../../agent/steps/unseal-secret.ts';
import type { SealedSecret, StepArgs } from '../../../../shared/model/step.ts';
import { openFiles, type SealPurpose, sealFiles } from '../../../../shared/seal.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
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

const secretsOf = (server: KubeApiServer) =>
  [...server.objects].filter(([path]) => path.includes('/secrets/'));

test('makes a token, and what is sealed opens on its consumer alone', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = aMaster(server);
  expect(await createJoinCredentials.check(argsFor(server), context)).toMatchObject({
    kind: 'needed',
  });
  const { outputs = {} } = await createJoinCredentials.apply(argsFor(server), context);
  await createJoinCredentials.verify?.(argsFor(server), context);

  const sealed = JSON.parse(outputs['sealed'] ?? '') as SealedSecret;
  expect(sealed.context).toBe('p1/step');
  const files = await openFiles(sealed, nodeKey, purpose);
  expect(files[caKey]).toBe(server.ca.key);
  const config = parseKubeconfig(files['discovery.conf'] ?? '', 'discovery.conf');
  expect(config.server).toBe('https://127.0.0.1:9443');
  expect(Buffer.from(config['certificate-authority-data'] ?? '', 'base64').toString()).toBe(
    server.ca.certificate,
  );

  const [[path, secret] = ['', {}]] = secretsOf(server);
  expect(path).toBe(`/api/v1/namespaces/kube-system/secrets/bootstrap-token-${outputs['tokenId']}`);
  const data = Object.entries(secret['data'] as Record<string, string>).map(([name, value]) => [
    name,
    Buffer.from(value, 'base64').toString(),
  ]);
  expect(secret['type']).toBe('bootstrap.kubernetes.io/token');
  expect(Object.fromEntries(data)).toEqual({
    'token-id': outputs['tokenId'],
    'token-secret': config.token?.split('.')[1],
    expiration: new Date(context.clock.now() + 900_000).toISOString().replace('.000Z', 'Z'),
    'usage-bootstrap-authentication': 'true',
    'usage-bootstrap-signing': 'true',
    'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
    description: 'join of h2',
  });
  // Nothing secret anywhere but in the cluster and under the seal.
  const said = JSON.stringify([outputs, host.lines, context.said]);
  expect(said).not.toContain(config.token?.split('.')[1]);
  expect(host.changes).toEqual([]);
});

test('a repeat replaces the token of the attempt before', async () => {
  await using server = await KubeApiServer.start();
  const { context } = aMaster(server);
  const first = await createJoinCredentials.apply(argsFor(server), context);
  const before = JSON.stringify(secretsOf(server));
  const second = await createJoinCredentials.apply(argsFor(server), context);
  expect(second.outputs?.['tokenId']).toBe(first.outputs?.['tokenId']);
  expect(secretsOf(server)).toHaveLength(1);
  expect(JSON.stringify(secretsOf(server))).not.toBe(before);
});

test('a master without the shared keys makes no credentials', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = aMaster(server);
  host.files.delete(caKey);
  await expect(createJoinCredentials.apply(argsFor(server), context)).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining(caKey),
  });
  expect(secretsOf(server)).toEqual([]);
});

test('a key that nothing can be sealed to is refused before a token is made', async () => {
  await using server = await KubeApiServer.start();
  const { context } = aMaster(server);
  const wrong = { ...argsFor(server), consumerKey: Buffer.from('no key').toString('base64') };
  await expect(createJoinCredentials.apply(wrong, context)).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('h2'),
  });
  expect(secretsOf(server)).toEqual([]);
});

test('deletes a token, and one that is gone is as good', async () => {
  await using server = await KubeApiServer.start();
  const { context } = aMaster(server);
  const { outputs } = await createJoinCredentials.apply(argsFor(server), context);
  const tokenId = outputs?.['tokenId'] ?? '';
  expect(await deleteJoinCredentials.check({ tokenId }, context)).toMatchObject({ kind: 'needed' });
  await deleteJoinCredentials.apply({ tokenId }, context);
  expect(secretsOf(server)).toEqual([]);
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
  expect(secretsOf(server)).toEqual([]);
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
