import { expect, test } from 'vitest';
import { applyManifest } from '../../../../agent/steps/apply-manifest.ts';
import { manifestDocuments } from '../../../../agent/steps/manifest-documents.ts';
import { renderFlannelManifest } from '../../../../coordinator/render/flannel.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { fakeContext } from './fake-context.ts';

const flannel = renderFlannelManifest({ image: 'example/flannel:1', pods: '10.200.0.0/16' });
const args = { name: 'flannel', manifest: flannel };
const paths = [
  '/api/v1/namespaces/kube-system/serviceaccounts/flannel',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles/flannel',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/flannel',
  '/api/v1/namespaces/kube-system/configmaps/flannel',
  '/apis/apps/v1/namespaces/kube-system/daemonsets/flannel',
];

const arrange = (server: KubeApiServer) =>
  fakeContext(new FakeHost().put('/etc/kubernetes/admin.conf', server.adminConfig));

test('knows where the API keeps every object that we render', () => {
  expect(manifestDocuments('flannel', flannel).map(({ path }) => path)).toEqual(paths);
});

test('applies in order and is content; over one connection and without a process', async () => {
  await using server = await KubeApiServer.start();
  const context = arrange(server);
  expect(await applyManifest.check(args, context)).toEqual({
    kind: 'needed',
    why: 'there is no ServiceAccount kube-system/flannel',
  });
  server.lines.length = 0;
  await applyManifest.apply(args, context);
  expect(server.lines).toEqual(paths.map((path) => `PATCH ${path}`));
  expect(await applyManifest.check(args, context)).toEqual({ kind: 'satisfied' });
  expect(context.host.lines).toEqual([]);
});

test('a check changes nothing and sees one changed field', async () => {
  await using server = await KubeApiServer.start();
  const context = arrange(server);
  await applyManifest.apply(args, context);
  const before = JSON.stringify([...server.objects]);
  const other = { ...args, manifest: flannel.replace('50Mi', '60Mi') };
  expect(await applyManifest.check(other, context)).toEqual({
    kind: 'needed',
    why: 'DaemonSet kube-system/flannel differs',
  });
  expect(JSON.stringify([...server.objects])).toBe(before);
  await applyManifest.apply(other, context);
  expect(await applyManifest.check(other, context)).toEqual({ kind: 'satisfied' });
});

test('an API server that is away for a moment is waited for, what it refuses is not', async () => {
  await using server = await KubeApiServer.start();
  const context = arrange(server);
  let failures = 2;
  server.on(/PATCH .*configmaps/, () => {
    failures -= 1;
    return failures >= 0 ? { status: 503, body: { message: 'no endpoints' } } : null;
  });
  await applyManifest.apply(args, context);
  expect(server.objects.size).toBe(5);
  server.on(/PATCH .*daemonsets/, { status: 422, body: { message: 'spec.x is wrong' } });
  await expect(applyManifest.apply(args, context)).rejects.toMatchObject({
    code: 'invalid',
    retryable: false,
    message: expect.stringContaining('spec.x is wrong'),
  });
});

test.each([
  ['no document', '\n---\n# only words\n', /holds no document/],
  ['no name', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  namespace: x\n', /metadata\.name/],
  ['flow style', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n', /metadata\.name/],
  ['unknown kind', 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n', /v1 Pod/],
  ['unknown version', 'apiVersion: v2\nkind: Secret\nmetadata:\n  name: x\n', /v2 Secret/],
  ['inherited name', 'apiVersion: a\nkind: b\nmetadata:\n  name: x\n', /a b/],
])('refuses a manifest with %s', (_name, manifest, sentence) => {
  expect(() => manifestDocuments('m', manifest)).toThrow(sentence);
});

test('takes the name of the object, not of something inside it', () => {
  const manifest = `apiVersion: "apps/v1"
kind: Deployment
metadata:
  labels:
    name: label
  name: 'web'
spec:
  template:
    metadata:
      name: inner
      namespace: inner
`;
  const [document] = manifestDocuments('m', manifest);
  expect(document?.path).toBe('/apis/apps/v1/namespaces/default/deployments/web');
  expect(document?.title).toBe('Deployment default/web');
});
