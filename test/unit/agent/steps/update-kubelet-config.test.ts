import { expect, test } from 'vitest';
import { updateKubeletConfig } from '../../../../agent/steps/update-kubelet-config.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { kubeconfigText } from '../../../support/kube-pki.ts';
import { fakeContext } from './fake-context.ts';

const settings = '/var/lib/kubelet/config.yaml';
const wanted = '/api/v1/namespaces/kube-system/configmaps/kubelet-config';
const run = '/usr/local/bin/kubeadm upgrade node phase kubelet-config';
const copy = '/etc/kubernetes/tmp/kubeadm-kubelet-config-2026/config.yaml';
const args = { nodeName: 'w1' };

async function aNode(server: KubeApiServer) {
  const user = await server.ca.issue('CN=system:node:w1,O=system:nodes');
  const host = new FakeHost()
    .put('/etc/kubernetes/kubelet.conf', kubeconfigText(server.url, server.ca.certificate, user))
    .put(settings, 'of the install')
    .answer('sync ', '')
    .answer(run, () => {
      const { data } = server.objects.get(wanted) as unknown as { data: { kubelet: string } };
      host.put(settings, `${data.kubelet} of this host`).put(copy, 'old');
      return '';
    });
  server.objects.set(wanted, { data: { kubelet: 'maxPods: 110' } });
  return { host, context: fakeContext(host) };
}

test('has kubeadm fetch the cluster’s settings as the node itself, and then has nothing to do', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = await aNode(server);
  expect(await updateKubeletConfig.check(args, context)).toMatchObject({ kind: 'needed' });
  await updateKubeletConfig.apply(args, context);
  expect(host.text(settings)).toBe('maxPods: 110 of this host');
  expect(await updateKubeletConfig.check(args, context)).toEqual({ kind: 'satisfied' });
  expect(host.lines.filter((line) => line.startsWith('change'))).toEqual([
    `change ${context.unit}: ${run}`,
  ]);
  expect(new Set(server.users)).toEqual(new Set(['system:node:w1']));
});

test('keeps none of the copies that kubeadm makes', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = await aNode(server);
  await updateKubeletConfig.apply(args, context);
  expect(host.text(copy)).toBeNull();
});

test.each<[string, (server: KubeApiServer, host: FakeHost) => unknown]>([
  [
    'other settings in the cluster',
    ({ objects }) => objects.set(wanted, { data: { kubelet: 'x' } }),
  ],
  ['a file that somebody edited', (_server, host) => host.put(settings, 'edited')],
])('sees %s', async (_what, disturb) => {
  await using server = await KubeApiServer.start();
  const { host, context } = await aNode(server);
  await updateKubeletConfig.apply(args, context);
  disturb(server, host);
  expect(await updateKubeletConfig.check(args, context)).toMatchObject({
    why: `${settings} is not as the cluster has it`,
  });
});

test('a cluster without such settings is not taken for one with none', async () => {
  await using server = await KubeApiServer.start();
  const { host, context } = await aNode(server);
  server.objects.delete(wanted);
  await expect(updateKubeletConfig.apply(args, context)).rejects.toMatchObject({
    code: 'not-found',
  });
  expect(host.text(settings)).toBe('of the install');
});
