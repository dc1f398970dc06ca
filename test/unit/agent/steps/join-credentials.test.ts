import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseKubeconfig } from '../../../../agent/host/kubeconfig.ts';
import { createJoinCredentials } from '../../../../agent/steps/create-join-credentials.ts';
import { deleteJoinCredentials } from '../../../../agent/steps/delete-join-credentials.ts';
import { readCaDigest } from '../../../../agent/steps/read-ca-digest.ts';
import { unsealSecret } from '../../../../agent/steps/unseal-secret.ts';
import type { SealedSecret, StepArgs } from '../../../../shared/model/step.ts';
import { openFiles } from '../../../../shared/seal.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { fakeContext } from './fake-context.ts';

const node = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const nodeKey = node.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const caKey = '/etc/kubernetes/pki/ca.key';
const args: StepArgs['create-join-credentials'] = {
  consumer: 'h2',
  consumerKey: node.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  server: 'https://127.0.0.1:9443',
  ttlSeconds: 900,
  files: [caKey],
};

function aMaster(server: KubeApiServer) {
  const host = new FakeHost()
    .put('/etc/kubernetes/admin.conf', server.adminConfig)
    .put('/etc/kubernetes/pki/ca.crt', server.ca.certificate)
    .put(caKey, server.ca.key);
  return { host, context: fakeContext(host) };
}

/** The host that the credentials are for. */
function aConsumer(sealed: SealedSecret) {
  const host = new FakeHost();
  const context = fakeContext(host, {
    unseal: async (given) => await openFiles(given, nodeKey, given.context),
  });
  const files = [
    { name: 'discovery.conf', path: '/etc/kubernetes/discovery.conf' },
    { name: caKey, path: caKey },
  ];
  return { host, context, args: { sealed, files } };
}

const secretsOf = (server: KubeApiServer) =>
  [...server.objects].filter(([path]) => path.includes('/secrets/'));

test('makes a token, and what is sealed opens on its consumer alone', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = aMaster(server);
  expect(await createJoinCredentials.check(args, context)).toMatchObject({ kind: 'needed' });
  const { outputs = {} } = await createJoinCredentials.apply(args, context);
  await createJoinCredentials.verify?.(args, context);

  const sealed = JSON.parse(outputs['sealed'] ?? '') as SealedSecret;
  expect(sealed.context).toBe('p1/step');
  const files = await openFiles(sealed, nodeKey, 'p1/step');
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
  const first = await createJoinCredentials.apply(args, context);
  const before = JSON.stringify(secretsOf(server));
  const second = await createJoinCredentials.apply(args, context);
  expect(second.outputs?.['tokenId']).toBe(first.outputs?.['tokenId']);
  expect(secretsOf(server)).toHaveLength(1);
  expect(JSON.stringify(secretsOf(server))).not.toBe(before);
});

test('a master without the shared keys makes no credentials', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = aMaster(server);
  host.files.delete(caKey);
  await expect(createJoinCredentials.apply(args, context)).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining(caKey),
  });
  expect(secretsOf(server)).toEqual([]);
});

test('a key that nothing can be sealed to is refused before a token is made', async () => {
  await using server = await KubeApiServer.start();
  const { context } = aMaster(server);
  const wrong = { ...args, consumerKey: Buffer.from('no key').toString('base64') };
  await expect(createJoinCredentials.apply(wrong, context)).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('h2'),
  });
  expect(secretsOf(server)).toEqual([]);
});

test('deletes a token, and one that is gone is as good', async () => {
  await using server = await KubeApiServer.start();
  const { context } = aMaster(server);
  const { outputs } = await createJoinCredentials.apply(args, context);
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
  const { outputs } = await createJoinCredentials.apply(args, aMaster(server).context);
  const { host, context, args: unseal } = aConsumer(JSON.parse(outputs?.['sealed'] ?? ''));
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
  const { outputs } = await createJoinCredentials.apply(args, aMaster(server).context);
  const sealed = JSON.parse(outputs?.['sealed'] ?? '') as SealedSecret;
  const { host, context, args: unseal } = aConsumer(sealed);
  const more = { ...unseal, files: [...unseal.files, { name: 'toString', path: '/etc/x' }] };
  await expect(unsealSecret.apply(more, context)).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('toString'),
  });
  const moved = { ...unseal, sealed: { ...sealed, context: 'p2/step' } };
  await expect(unsealSecret.apply(moved, context)).rejects.toMatchObject({
    code: 'invalid',
    retryable: false,
    message: expect.stringContaining('p2/step'),
  });
  expect(host.changes).toEqual([]);
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
