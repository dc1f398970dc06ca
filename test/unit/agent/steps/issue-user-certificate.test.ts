import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { issueUserCertificate } from '../../../../agent/steps/issue-user-certificate.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { makeRequest } from '../../../support/kube-pki.ts';
import { signing } from '../../../support/signing-cluster.ts';
import { fakeContext } from './fake-context.ts';

const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const caPath = '/etc/kubernetes/pki/ca.crt';

function arrange(server: KubeApiServer) {
  const host = new FakeHost()
    .put('/etc/kubernetes/admin.conf', server.adminConfig)
    .put(caPath, server.ca.certificate);
  return fakeContext(host);
}

test('has the cluster sign exactly what was asked for and leaves no request behind', async () => {
  await using server = await KubeApiServer.start();
  const approvals = signing(server);
  const context = arrange(server);
  const csrPem = await makeRequest('CN=ann,O=muster:admins');
  const args = { csrPem, user: 'ann', ttlSeconds: 3600 };
  const { outputs = {} } = await issueUserCertificate.apply(args, context);
  expect(new X509Certificate(outputs['certificate'] ?? '').subject).toBe('CN=ann\nO=muster:admins');
  expect(outputs['ca']).toBe(server.ca.certificate);
  expect(approvals.map(({ body }) => body)).toMatchObject([
    {
      spec: {
        signerName: 'kubernetes.io/kube-apiserver-client',
        expirationSeconds: 3600,
        usages: ['digital signature', 'client auth'],
      },
      status: { conditions: [{ type: 'Approved', status: 'True' }] },
    },
  ]);
  const left = [...server.objects.keys()];
  expect(left).toEqual(['/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/muster%3Aadmins']);
  expect(server.objects.get(left[0] ?? '')).toMatchObject({
    roleRef: { name: 'cluster-admin' },
    subjects: [{ kind: 'Group', name: 'muster:admins' }],
  });
});

test('replaces the request of an attempt that was cut off', async () => {
  await using server = await KubeApiServer.start();
  signing(server);
  const context = arrange(server);
  const args = {
    csrPem: await makeRequest('CN=ann,O=muster:admins'),
    user: 'ann',
    ttlSeconds: 600,
  };
  server.on(/DELETE/, { status: 500, body: { message: 'cut off' } });
  await expect(issueUserCertificate.apply(args, context)).rejects.toMatchObject({
    retryable: true,
  });
  server.on(/DELETE/, () => null);
  server.on(/POST/, () => null);
  const name = server.lines.find((line) => line.startsWith(`DELETE ${requests}`))?.split(' ')[1];
  server.objects.set(name ?? '', { spec: 'old' });
  server.on(/DELETE/, ({ path }) => {
    server.objects.delete(path);
    return { status: 200, body: {} };
  });
  const { outputs } = await issueUserCertificate.apply(args, context);
  expect(outputs?.['certificate']).toContain('BEGIN CERTIFICATE');
});

test.each([
  ['a group of its own choice', 'CN=ann,O=system:masters'],
  ['one group more', 'CN=ann,O=muster:admins,O=system:masters'],
  ['one group more in the same set', 'CN=ann,O=muster:admins+O=system:masters'],
  ['no group', 'CN=ann'],
  ['another user', 'CN=bob,O=muster:admins'],
  ['two users', 'CN=ann,CN=bob,O=muster:admins'],
  ['something more', 'CN=ann,O=muster:admins,OU=x'],
  ['another case', 'CN=ann,O=Muster:admins'],
])('refuses a request with %s before the cluster sees it', async (_what, subject) => {
  await using server = await KubeApiServer.start();
  const context = arrange(server);
  const args = { csrPem: await makeRequest(subject), user: 'ann', ttlSeconds: 3600 };
  await expect(issueUserCertificate.apply(args, context)).rejects.toMatchObject({
    code: 'refused',
    retryable: false,
  });
  expect(server.lines).toEqual([]);
});

test('refuses a user of Kubernetes’ own', async () => {
  await using server = await KubeApiServer.start();
  const user = 'system:admin';
  const args = { csrPem: await makeRequest(`CN=${user},O=muster:admins`), user, ttlSeconds: 3600 };
  await expect(issueUserCertificate.apply(args, arrange(server))).rejects.toMatchObject({
    code: 'refused',
  });
});

test('refuses what is not one request, cut short, or followed by something', async () => {
  await using server = await KubeApiServer.start();
  const context = arrange(server);
  const good = await makeRequest('CN=ann,O=muster:admins');
  const body = Buffer.from(good.replace(/-----.*?-----/g, ''), 'base64');
  const pem = (der: Uint8Array) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  const wrong = [
    '',
    `${good}${good}`,
    good.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'),
    pem(body.subarray(0, 40)),
    pem(Buffer.concat([body, Buffer.from([0x05, 0x00])])),
    pem(Buffer.alloc(0)),
    pem(Buffer.from([0x30, 0x80, 0x00, 0x00])),
    pem(Buffer.from([0x30, 0x84, 0, 0, 0, 0])),
  ];
  for (const csrPem of wrong) {
    const args = { csrPem, user: 'ann', ttlSeconds: 3600 };
    await expect(issueUserCertificate.apply(args, context)).rejects.toMatchObject({
      code: 'invalid',
    });
  }
  expect(server.lines).toEqual([]);
});

test('a cluster that signs with another CA, or does not sign, fails the step', async () => {
  await using server = await KubeApiServer.start();
  await using other = await KubeApiServer.start();
  const context = arrange(server);
  const args = {
    csrPem: await makeRequest('CN=ann,O=muster:admins'),
    user: 'ann',
    ttlSeconds: 600,
  };
  signing(server, other.ca.sign);
  await expect(issueUserCertificate.apply(args, context)).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('another CA'),
  });
  server.on(/GET .*certificatesigningrequests/, {
    status: 200,
    body: { status: { conditions: [{ type: 'Failed', status: 'True', message: 'too long' }] } },
  });
  await expect(issueUserCertificate.apply(args, context)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('too long'),
  });
});
