import { expect, test } from 'vitest';
import { deleteNode } from '../../../../agent/steps/delete-node.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { fakeContext } from './fake-context.ts';

const path = '/api/v1/nodes/w1';
const args = { node: 'w1', machineId: 'machine-w1' };

function aMaster(server: KubeApiServer) {
  return fakeContext(new FakeHost().put('/etc/kubernetes/admin.conf', server.adminConfig));
}

const aNodeObject = (machineID: string, ready: 'True' | 'Unknown') => ({
  kind: 'Node',
  metadata: { name: 'w1' },
  status: { nodeInfo: { machineID }, conditions: [{ type: 'Ready', status: ready }] },
});

test('deletes the Node of a host that is gone; the second time nothing is changed', async () => {
  await using server = await KubeApiServer.start();
  const context = aMaster(server);
  server.objects.set(path, aNodeObject('machine-w1', 'Unknown'));
  expect(await deleteNode.check(args, context)).toMatchObject({ kind: 'needed' });
  await deleteNode.apply(args, context);
  expect(server.objects.has(path)).toBe(false);
  expect(await deleteNode.check(args, context)).toEqual({ kind: 'satisfied' });
});

test('leaves the Node of another machine that has the name now', async () => {
  await using server = await KubeApiServer.start();
  const context = aMaster(server);
  server.objects.set(path, aNodeObject('another-machine', 'True'));
  expect(await deleteNode.check(args, context)).toEqual({ kind: 'satisfied' });
  await deleteNode.apply(args, context);
  expect(server.objects.has(path)).toBe(true);
});

test('takes no Node whose kubelet still reports, and says what to do', async () => {
  await using server = await KubeApiServer.start();
  const context = aMaster(server);
  server.objects.set(path, aNodeObject('machine-w1', 'True'));
  await expect(deleteNode.apply(args, context)).rejects.toMatchObject({
    code: 'not-ready',
    retryable: true,
    message: expect.stringContaining('the kubelet of w1 still reports'),
  });
  expect(server.objects.has(path)).toBe(true);
});
