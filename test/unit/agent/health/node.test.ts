import { expect, test } from 'vitest';
import { nodeHealth } from '../../../../agent/health/node.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { aKubeNode, healthWorld, putNode } from '../../../support/health-sources.ts';

const path = '/api/v1/nodes/w1';
const changedMs = Date.parse('2026-11-21T10:00:00Z');

test('a host that has not joined has no node, and nobody is asked', async () => {
  expect(await nodeHealth(healthWorld().sources)).toBeNull();
});

test('the node is asked for with the kubelet’s own name and credential', async () => {
  await using server = await KubeApiServer.start();
  const world = healthWorld();
  await putNode(world, server);
  server.objects.set(path, aKubeNode('True', {}, [{ type: 'DiskPressure', status: 'True' }]));
  expect(await nodeHealth(world.sources)).toEqual({
    kind: 'seen',
    name: 'w1',
    ready: 'True',
    reason: 'KubeletReady',
    message: '',
    sinceMs: changedMs,
    pressures: [{ type: 'DiskPressure', sinceMs: world.clock.now() }],
  });
  expect(server.users).toEqual(['system:node:w1']);
});

test('a node that is not ready says why, in one line, and since when', async () => {
  await using server = await KubeApiServer.start();
  const world = healthWorld();
  await putNode(world, server);
  server.objects.set(path, aKubeNode('False'));
  expect(await nodeHealth(world.sources)).toMatchObject({
    ready: 'False',
    reason: 'KubeletNotReady',
    message: 'container runtime network not ready: cni plugin not initialized',
    sinceMs: changedMs,
  });
  server.objects.set(path, { metadata: { name: 'w1' } });
  expect(await nodeHealth(world.sources)).toMatchObject({
    ready: 'Unknown',
    reason: 'NoCondition',
    sinceMs: world.clock.now(),
  });
});

test('a Ready node of another machine is no word about this host', async () => {
  await using server = await KubeApiServer.start();
  const world = healthWorld();
  await putNode(world, server);
  world.host.put('/var/lib/dbus/machine-id', 'ours\n');
  const { status, ...node } = aKubeNode('True', {}, [{ type: 'DiskPressure', status: 'True' }]);
  const of = (machineID: string) => ({
    ...node,
    status: { ...(status as object), nodeInfo: { machineID } },
  });
  server.objects.set(path, of('theirs'));
  expect(await nodeHealth(world.sources)).toEqual({
    kind: 'seen',
    name: 'w1',
    ready: 'Unknown',
    reason: 'OtherMachine',
    message:
      'the Node object w1 is of another machine so far (machine-id theirs, this host has ours)',
    sinceMs: world.clock.now(),
    pressures: [],
  });
  server.objects.set(path, of('ours'));
  expect(await nodeHealth(world.sources)).toMatchObject({ ready: 'True', reason: 'KubeletReady' });
});

test('a node that was deleted is missing', async () => {
  await using server = await KubeApiServer.start();
  const world = healthWorld();
  await putNode(world, server);
  expect(await nodeHealth(world.sources)).toEqual({
    kind: 'missing',
    name: 'w1',
    sinceMs: world.clock.now(),
  });
});

test('a credential that the cluster does not take is told with the answer', async () => {
  await using server = await KubeApiServer.start();
  const world = healthWorld();
  await putNode(world, server);
  server.on(/nodes/, { status: 401, body: { message: 'Unauthorized' } });
  expect(await nodeHealth(world.sources)).toMatchObject({
    kind: 'unreachable',
    message: expect.stringContaining('401 Unauthorized'),
  });
});

test('an API that hangs is unreachable when the limit is over, and since then', async () => {
  await using server = await KubeApiServer.start();
  const world = healthWorld({ limitMs: 100 });
  await putNode(world, server);
  server.on(/nodes/, () => new Promise(() => {}));
  expect(await nodeHealth(world.sources)).toEqual({
    kind: 'unreachable',
    message: 'no answer in time',
    sinceMs: world.clock.now(),
  });
});

test('the connection is kept, and one that broke is made again at once', async () => {
  await using first = await KubeApiServer.start();
  const world = healthWorld();
  await putNode(world, first);
  first.objects.set(path, aKubeNode('True'));
  await nodeHealth(world.sources);
  await nodeHealth(world.sources);
  expect(first.connections).toBe(1);
  first.dropConnections();
  expect(await nodeHealth(world.sources)).toMatchObject({ kind: 'seen' });
  expect(first.connections).toBe(2);
});

test('a credential that was renewed is used from the next look on', async () => {
  await using server = await KubeApiServer.start();
  const world = healthWorld();
  await putNode(world, server);
  server.objects.set(path, aKubeNode('True'));
  await nodeHealth(world.sources);
  await putNode(world, server);
  await nodeHealth(world.sources);
  expect(server.connections).toBe(2);
});

test('a file that names no node is told, and not guessed at', async () => {
  const world = healthWorld();
  world.host.put('/etc/kubernetes/kubelet.conf', 'kind: Config\n');
  expect(await nodeHealth(world.sources)).toMatchObject({
    kind: 'unreachable',
    message: expect.stringContaining('kubelet.conf'),
  });
});
