import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { unwantedAnswer } from '../../../../agent/host/kube-api.ts';
import { parseKubeconfig, readKubeconfig } from '../../../../agent/host/kubeconfig.ts';
import { connectKubeApi } from '../../../../agent/host/node-kube-api.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { kubeconfigText, makeKubeCa } from '../../../support/kube-pki.ts';

const path = '/etc/kubernetes/admin.conf';

test('reads what kubeadm writes and comes to the server as its user, over one connection', async () => {
  await using server = await KubeApiServer.start();
  const host = new FakeHost().put(path, server.adminConfig);
  const api = connectKubeApi(await readKubeconfig(host, path));
  expect(await api.request('GET', '/api/v1/nodes/h1')).toMatchObject({ status: 404 });
  expect(await api.request('GET', '/api/v1/nodes/h2')).toMatchObject({ status: 404 });
  api.close();
  expect(server.users).toEqual(['kubernetes-admin', 'kubernetes-admin']);
  expect(server.connections).toBe(1);
});

test('follows the file that the kubelet keeps its certificate and key in', async () => {
  await using server = await KubeApiServer.start();
  const user = await server.ca.issue('CN=system:node:h1,O=system:nodes');
  const pem = '/var/lib/kubelet/pki/kubelet-client-current.pem';
  const text = server.adminConfig
    .replace(/client-certificate-data: .*/, `client-certificate: ${pem}`)
    .replace(/client-key-data: .*/, `client-key: ${pem}`);
  const host = new FakeHost().put(path, text).put(pem, user.certificate + user.key);
  const api = connectKubeApi(await readKubeconfig(host, path));
  await api.request('GET', '/');
  api.close();
  expect(server.users).toEqual(['system:node:h1']);
});

test('reads a discovery file in JSON and shows its token', async () => {
  await using server = await KubeApiServer.start();
  const config = {
    clusters: [
      {
        name: 'kubernetes',
        cluster: {
          server: server.url,
          'certificate-authority-data': Buffer.from(server.ca.certificate).toString('base64'),
        },
      },
    ],
    users: [{ name: 'joining-host', user: { token: 'abcdef.0123456789abcdef' } }],
  };
  for (const text of [JSON.stringify(config), JSON.stringify(config, null, 2)]) {
    const api = connectKubeApi(await readKubeconfig(new FakeHost().put(path, text), path));
    await api.request('GET', '/');
    api.close();
  }
  expect(new Set(server.authorizations)).toEqual(new Set(['Bearer abcdef.0123456789abcdef']));
});

test('a kubeconfig of two clusters is refused, not guessed at', () => {
  const text = kubeconfigText('https://a:1', 'ca', { token: 't' });
  expect(() => parseKubeconfig(`${text}\n- cluster:\n    server: https://b:1\n`, path)).toThrow(
    /names server twice/,
  );
});

test('a kubeconfig that is not there yet may come, one without a server does not', async () => {
  await expect(readKubeconfig(new FakeHost(), path)).rejects.toMatchObject({
    code: 'not-ready',
    retryable: true,
  });
  await expect(
    readKubeconfig(new FakeHost().put(path, 'kind: Config'), path),
  ).rejects.toMatchObject({ code: 'invalid', retryable: false });
  const plain = kubeconfigText('http://127.0.0.1:1', 'ca', { token: 't' });
  await expect(readKubeconfig(new FakeHost().put(path, plain), path)).rejects.toMatchObject({
    code: 'invalid',
  });
});

test('a server of another CA gets no request, and trying again does not help', async () => {
  await using server = await KubeApiServer.start();
  const other = await makeKubeCa('another');
  const api = connectKubeApi({ server: server.url, ca: other.certificate, token: 'secret' });
  await expect(api.request('GET', '/')).rejects.toMatchObject({
    code: 'unavailable',
    retryable: false,
  });
  api.close();
  expect(server.lines).toEqual([]);
});

test('a server that is away or does not answer in time may come back', async () => {
  const silent = createServer((socket) => void socket.resume());
  await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const { certificate: ca } = await makeKubeCa();
  const api = connectKubeApi({ server: `https://127.0.0.1:${port}`, ca });
  await expect(api.request('GET', '/readyz', { timeoutMs: 30 })).rejects.toMatchObject({
    message: expect.stringContaining('no answer in time'),
    retryable: true,
  });
  await new Promise((resolve) => void silent.close(resolve));
  await expect(api.request('GET', '/readyz')).rejects.toMatchObject({ retryable: true });
  api.close();
});

test.each([
  [400, 'invalid', false],
  [401, 'unauthenticated', false],
  [403, 'permission-denied', true],
  [404, 'not-found', true],
  [409, 'conflict', true],
  [422, 'invalid', false],
  [429, 'unavailable', true],
  [500, 'unavailable', true],
  [503, 'unavailable', true],
])('an unwanted %i is %s', (status, code, retryable) => {
  const answer = { status, body: { message: 'says why' }, text: '' };
  expect(unwantedAnswer('apply x', answer)).toMatchObject({
    code,
    retryable,
    message: expect.stringMatching(/^apply x: .*says why$/),
  });
});
