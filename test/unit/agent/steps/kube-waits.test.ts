import { describe, expect, test } from 'vitest';
import { waitApiserverReady } from '../../../../agent/steps/wait-apiserver-ready.ts';
import { waitNodeReady } from '../../../../agent/steps/wait-node-ready.ts';
import { judgeWorkload, waitWorkloadReady } from '../../../../agent/steps/wait-workload-ready.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { kubeconfigText } from '../../../support/kube-pki.ts';
import { fakeContext, jumpingClock } from './fake-context.ts';

const admin = '/etc/kubernetes/admin.conf';
const kubelet = '/etc/kubernetes/kubelet.conf';
const caPath = '/etc/kubernetes/pki/ca.crt';
const aHost = (): FakeHost => new FakeHost().answer('sync ', '');
const node = (status: string, message = '') => ({
  status: { conditions: [{ type: 'Ready', status, reason: 'x', message }] },
});

test('waits for a node from before it registers until it is Ready, saying what for', async () => {
  await using server = await KubeApiServer.start();
  const answers = [null, node('False', 'no network plugin'), node('True')];
  server.on(/GET \/api\/v1\/nodes\/w1$/, () => {
    const next = answers.length > 1 ? answers.shift() : answers[0];
    return next == null ? null : { status: 200, body: next };
  });
  const context = fakeContext(aHost().put(admin, server.adminConfig));
  expect(await waitNodeReady.apply({ node: 'w1' }, context)).toEqual({ note: 'node w1 is Ready' });
  expect(context.said).toEqual([
    'waits: node w1 has not registered yet',
    'waits: node w1 is not Ready: no network plugin',
  ]);
  expect(server.connections).toBe(1);
  expect(await waitNodeReady.check({ node: 'w1' }, context)).toMatchObject({ kind: 'satisfied' });
});

test('a worker looks at its node as its kubelet, and takes the credential when it comes', async () => {
  await using server = await KubeApiServer.start();
  const user = await server.ca.issue('CN=system:node:w1,O=system:nodes');
  server.objects.set('/api/v1/nodes/w1', node('True'));
  const host = aHost();
  const context = fakeContext(host, {
    progress: () => {
      host.put(kubelet, kubeconfigText(server.url, server.ca.certificate, user));
    },
  });
  await waitNodeReady.apply({ node: 'w1' }, context);
  expect(server.users).toEqual(['system:node:w1']);
  // The credentials it joined with are good no more: what it has now must survive a power cut.
  expect(host.lines).toEqual([`read: sync /etc/kubernetes ${kubelet}`]);
});

describe('with the version that its kubelet is to have', () => {
  const startedMs = 1_800_000_000_000;
  const said = (ms: number) => new Date(Math.floor(ms / 1000) * 1000).toISOString();
  const ready = (version: string, heartbeatMs: number) => ({
    status: {
      nodeInfo: { kubeletVersion: version },
      conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: said(heartbeatMs) }],
    },
  });
  const staticPod = (state: object) => ({
    metadata: { name: 'kube-apiserver-m1', annotations: { 'kubernetes.io/config.source': 'file' } },
    status: { containerStatuses: [{ state }] },
  });
  const args = { node: 'm1', kubelet: 'v1.37.1' };
  /** Its kubelet was started `startedMs`: the clock of the host stands 10 s after it. */
  const aMaster = (server: KubeApiServer) => {
    const { hostname, port } = new URL(server.url);
    const flags = `    - --advertise-address=${hostname}\n    - --secure-port=${port}\n`;
    const manifest = `spec:\n  containers:\n  - command:\n    - kube-apiserver\n${flags}    image: x\n`;
    const host = aHost()
      .put(admin, server.adminConfig)
      .put(caPath, server.ca.certificate)
      .put('/etc/kubernetes/manifests/kube-apiserver.yaml', manifest);
    server.on(/GET \/version$/, { status: 200, body: { gitVersion: 'v1.37.1' } });
    server.on(/GET \/readyz$/, { status: 200, body: 'ok' });
    host.answer('systemctl show', 'ExecMainStartTimestampMonotonic=990000000\n');
    return fakeContext(host, { clock: jumpingClock(startedMs + 10_000), timeoutMs: 3_000 });
  };

  test.each([
    ['another version', ready('v1.36.4', startedMs + 5_000), 'is v1.36.4, not v1.37.1'],
    ['what the process before said', ready('v1.37.1', startedMs - 5_000), 'has said nothing since'],
  ])('does not take %s for it', async (_what, object, why) => {
    await using server = await KubeApiServer.start();
    server.objects.set('/api/v1/nodes/m1', object);
    expect(await waitNodeReady.check(args, aMaster(server))).toMatchObject({
      why: expect.stringContaining(why),
    });
  });

  test('waits for the static pods of a master, which a kubelet of another minor starts again', async () => {
    await using server = await KubeApiServer.start();
    server.objects.set('/api/v1/nodes/m1', ready('v1.37.1', startedMs + 5_000));
    const states = [{ waiting: {} }, { running: {} }];
    server.on(/GET \/api\/v1\/nodes\/m1\/proxy\/pods$/, () => ({
      status: 200,
      body: { items: [staticPod(states.length > 1 ? states.shift()! : states[0]!)] },
    }));
    const context = aMaster(server);
    expect(await waitNodeReady.apply(args, context)).toEqual({ note: 'node m1 is Ready' });
    expect(context.said).toEqual(['waits: the kubelet of m1 starts kube-apiserver-m1']);
  });

  test('asks no kubelet whose API server is starting, which would be forbidden and remembered', async () => {
    await using server = await KubeApiServer.start();
    server.objects.set('/api/v1/nodes/m1', ready('v1.37.1', startedMs + 5_000));
    const context = aMaster(server);
    server.on(/GET \/readyz$/, { status: 500, body: '[-]poststarthook/rbac failed' });
    expect(await waitNodeReady.check(args, context)).toMatchObject({
      why: expect.stringContaining('poststarthook/rbac failed'),
    });
    expect(server.lines).not.toContain('GET /api/v1/nodes/m1/proxy/pods');
  });

  test('asks a worker for no static pods', async () => {
    await using server = await KubeApiServer.start();
    const user = await server.ca.issue('CN=system:node:m1,O=system:nodes');
    server.objects.set('/api/v1/nodes/m1', ready('v1.37.1', startedMs + 5_000));
    const context = aMaster(server);
    context.host.files.delete(admin);
    await context.host.remove('/etc/kubernetes/manifests');
    context.host.put(kubelet, kubeconfigText(server.url, server.ca.certificate, user));
    expect(await waitNodeReady.check(args, context)).toMatchObject({ kind: 'satisfied' });
    expect(server.lines).toEqual(['GET /api/v1/nodes/m1']);
  });
});

const machine = (machineID: string) => {
  const { status } = node('True');
  return { status: { ...status, nodeInfo: { machineID } } };
};
const ownMachine = '0123456789abcdef0123456789abcdef';

test('a Ready node that another machine of the same name left behind is not this host', async () => {
  await using server = await KubeApiServer.start();
  const user = await server.ca.issue('CN=system:node:w1,O=system:nodes');
  const kubeletConfig = kubeconfigText(server.url, server.ca.certificate, user);
  const host = aHost().put('/etc/machine-id', `${ownMachine}\n`).put(kubelet, kubeletConfig);
  const context = fakeContext(host, { timeoutMs: 3_000 });
  server.objects.set('/api/v1/nodes/w1', machine('of another'));
  expect(await waitNodeReady.check({ node: 'w1' }, context)).toMatchObject({
    kind: 'needed',
    why: `node w1 is of another machine so far (machine-id of another, this host has ${ownMachine})`,
  });
  await expect(waitNodeReady.apply({ node: 'w1' }, context)).rejects.toMatchObject({
    code: 'not-ready',
  });
  server.objects.set('/api/v1/nodes/w1', machine(''));
  expect(await waitNodeReady.check({ node: 'w1' }, context)).toMatchObject({ kind: 'needed' });
  server.objects.set('/api/v1/nodes/w1', machine(ownMachine));
  expect(await waitNodeReady.check({ node: 'w1' }, context)).toMatchObject({ kind: 'satisfied' });
});

test('a master compares its own node with its machine, and another master’s with none', async () => {
  await using server = await KubeApiServer.start();
  const user = await server.ca.issue('CN=system:node:m2,O=system:nodes');
  const host = aHost().put('/etc/machine-id', ownMachine).put(admin, server.adminConfig);
  const context = fakeContext(host);
  server.objects.set('/api/v1/nodes/m1', machine('of m1'));
  server.objects.set('/api/v1/nodes/m2', machine('of another'));
  // The gate before a join: there is no kubelet on this host yet.
  expect(await waitNodeReady.check({ node: 'm1' }, context)).toMatchObject({ kind: 'satisfied' });
  host.put(kubelet, kubeconfigText(server.url, server.ca.certificate, user));
  expect(await waitNodeReady.check({ node: 'm1' }, context)).toMatchObject({ kind: 'satisfied' });
  expect(await waitNodeReady.check({ node: 'm2' }, context)).toMatchObject({ kind: 'needed' });
});

test('gives up on a node with the last thing it saw', async () => {
  await using server = await KubeApiServer.start();
  server.objects.set('/api/v1/nodes/w1', node('Unknown', 'Kubelet stopped posting node status.'));
  const context = fakeContext(aHost().put(admin, server.adminConfig), { timeoutMs: 3_000 });
  await expect(waitNodeReady.apply({ node: 'w1' }, context)).rejects.toMatchObject({
    code: 'not-ready',
    retryable: true,
    message: expect.stringContaining('Kubelet stopped posting'),
  });
});

test('a node that is there but away answers the check, it does not fail it', async () => {
  const {
    url,
    ca,
    admin: user,
  } = await KubeApiServer.start().then(async (server) => {
    const seen = { url: server.url, ca: server.ca.certificate, admin: server.admin };
    await server[Symbol.asyncDispose]();
    return seen;
  });
  const context = fakeContext(aHost().put(admin, kubeconfigText(url, ca, user)));
  expect(await waitNodeReady.check({ node: 'w1' }, context)).toMatchObject({
    kind: 'needed',
    why: expect.stringContaining('ECONNREFUSED'),
  });
});

test('waits for an API server through its failing checks', async () => {
  await using server = await KubeApiServer.start();
  const answers = [
    { status: 500, body: '[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed' },
    { status: 200, body: 'ok' },
  ];
  server.on(/GET \/readyz$/, () => (answers.length > 1 ? answers.shift()! : answers[0]!));
  const context = fakeContext(aHost().put(caPath, server.ca.certificate));
  const args = { url: `${server.url}/readyz`, caPath };
  await waitApiserverReady.apply(args, context);
  expect(context.said).toEqual([
    `waits: ${server.url}/readyz answers 500: [-]etcd failed: reason withheld`,
  ]);
  expect(new Set(server.users)).toEqual(new Set(['']));
});

test('shows the administrator to an API server where there is one', async () => {
  await using server = await KubeApiServer.start();
  server.on(/GET \/readyz$/, { status: 200, body: 'ok' });
  const host = aHost().put(caPath, server.ca.certificate).put(admin, server.adminConfig);
  const args = { url: `${server.url}/readyz`, caPath };
  expect(await waitApiserverReady.check(args, fakeContext(host))).toMatchObject({
    kind: 'satisfied',
  });
  expect(server.users).toEqual(['kubernetes-admin']);
});

test('without the CA there is nothing to trust an API server by', async () => {
  const args = { url: 'https://127.0.0.1:1/readyz', caPath };
  await expect(waitApiserverReady.apply(args, fakeContext(aHost()))).rejects.toMatchObject({
    code: 'not-found',
  });
});

const deployment = (status: object) => ({
  metadata: { generation: 2 },
  spec: { replicas: 2 },
  status: { observedGeneration: 2, ...status },
});
const daemonSet = (status: object) => ({ metadata: {}, spec: {}, status });

test.each([
  ['unseen', { ...deployment({}), metadata: { generation: 3 } }, /not seen it yet/],
  ['no pods', deployment({}), /0 of 2 pods are of its version/],
  ['old pods', deployment({ replicas: 3, updatedReplicas: 2 }), /1 pods of an older version/],
  ['starting', deployment({ replicas: 2, updatedReplicas: 2 }), /0 of 2 pods are available/],
  [
    'one away',
    daemonSet({ desiredNumberScheduled: 5, updatedNumberScheduled: 5, numberAvailable: 4 }),
    /4 of 5 pods are available/,
  ],
  ['no node', daemonSet({}), /no node wants it yet/],
  ['something else', null, /no node wants it yet/],
])('a workload is not ready: %s', (_name, object, sentence) => {
  expect(judgeWorkload('x', object)).toMatchObject({
    kind: 'waits',
    for: expect.stringMatching(sentence),
  });
});

test('a workload is ready when all its pods are of its version and available', async () => {
  await using server = await KubeApiServer.start();
  const context = fakeContext(aHost().put(admin, server.adminConfig));
  server.objects.set(
    '/apis/apps/v1/namespaces/kube-system/deployments/coredns',
    deployment({ replicas: 2, updatedReplicas: 2, availableReplicas: 2 }),
  );
  server.objects.set(
    '/apis/apps/v1/namespaces/kube-system/daemonsets/flannel',
    daemonSet({ desiredNumberScheduled: 5, updatedNumberScheduled: 5, numberAvailable: 5 }),
  );
  for (const workload of ['deployment/coredns', 'daemonset/flannel']) {
    const seen = await waitWorkloadReady.check({ namespace: 'kube-system', workload }, context);
    expect(seen).toMatchObject({ kind: 'satisfied' });
  }
});

test('a workload of an unknown kind is refused', async () => {
  await using server = await KubeApiServer.start();
  const context = fakeContext(aHost().put(admin, server.adminConfig));
  const args = { namespace: 'x', workload: 'job/x' };
  await expect(waitWorkloadReady.check(args, context)).rejects.toMatchObject({ code: 'invalid' });
});
