import { expect, test } from 'vitest';
import type { HttpGet } from '../../../../agent/host/http-get.ts';
import { type DaemonSetSeen, standingOf } from '../../../../agent/steps/daemon-set-standing.ts';
import { rollDaemonSet } from '../../../../agent/steps/roll-daemon-set.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { type FakeContext, fakeContext } from './fake-context.ts';

const args = { namespace: 'kube-system', name: 'kube-proxy' };
const path = '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy';
const owner = { ownerReferences: [{ uid: 'set' }] };

const aSet = (news: object = {}) => ({
  metadata: { name: 'kube-proxy', uid: 'set', generation: 2 },
  spec: {
    selector: { matchLabels: { 'k8s-app': 'kube-proxy' } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
  },
  status: { observedGeneration: 2, desiredNumberScheduled: 3, ...news },
});
const condition = (status: string) => ({ conditions: [{ type: 'Ready', status }] });
const aNode = (name: string, status = 'True') => ({
  metadata: { name },
  status: {
    ...condition(status),
    addresses: [{ type: 'InternalIP', address: `10.0.0.${name[1]}` }],
  },
});
const aPod = (nodeName: string, revision: string, status = 'True') => ({
  metadata: { ...owner, labels: { 'controller-revision-hash': revision } },
  spec: { nodeName },
  status: condition(status),
});
const revisions = ['old', 'new'].map((hash, index) => ({
  metadata: { ...owner, labels: { 'controller-revision-hash': hash } },
  revision: index + 1,
}));
const nodes = [aNode('n1'), aNode('n2'), aNode('n3', 'Unknown')];
const seen = (news: Partial<DaemonSetSeen>): DaemonSetSeen => ({
  set: aSet(),
  revisions,
  nodes,
  pods: [],
  ...news,
});

const both = [aPod('n1', 'new'), aPod('n2', 'new')];

test.each<[string, Partial<DaemonSetSeen>, string | null]>([
  ['both nodes that are there have it', { pods: [...both, aPod('n3', 'old')] }, null],
  [
    'one has the old one',
    { pods: [aPod('n1', 'new'), aPod('n2', 'old')] },
    'kube-proxy is new and ready on 1 of 2 nodes, next on n2',
  ],
  [
    'one starts',
    { pods: [aPod('n1', 'new'), aPod('n2', 'new', 'False')] },
    'kube-proxy is new and ready on 1 of 2 nodes, next on n2',
  ],
  [
    'its controller has not looked',
    { set: aSet({ observedGeneration: 1 }), pods: both },
    'kube-proxy: its controller has not seen it yet',
  ],
  ['no revision of it is there', { revisions: [], pods: both }, 'kube-proxy has no revision yet'],
  [
    'no node wants it',
    { set: aSet({ desiredNumberScheduled: 0 }) },
    'no node wants kube-proxy yet',
  ],
  [
    'pods of another set stand there',
    { pods: both.map((pod) => ({ ...pod, metadata: { ...pod.metadata, ownerReferences: [] } })) },
    'kube-proxy is new and ready on 0 of 2 nodes, next on n1',
  ],
  [
    'one is about to go',
    {
      pods: [
        aPod('n1', 'new'),
        {
          ...aPod('n2', 'new'),
          metadata: { ...aPod('n2', 'new').metadata, deletionTimestamp: 'now' },
        },
      ],
    },
    'kube-proxy is new and ready on 1 of 2 nodes, next on n2',
  ],
])('a daemon set of which %s', (_name, news, lacks) => {
  expect(standingOf(seen(news))).toMatchObject({ lacks, away: ['n3'] });
});

interface World {
  readonly server: KubeApiServer;
  readonly context: FakeContext;
  pods: readonly object[];
  nodes: readonly object[];
}

async function aWorld(httpGet?: HttpGet): Promise<World & AsyncDisposable> {
  const server = await KubeApiServer.start();
  const host = new FakeHost()
    .answer('sync ', '')
    .put('/etc/kubernetes/admin.conf', server.adminConfig);
  const world = {
    server,
    context: fakeContext(host, httpGet === undefined ? {} : { httpGet }),
    pods: [] as readonly object[],
    nodes: nodes as readonly object[],
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
  server.objects.set(path, aSet());
  server.on(/controllerrevisions$/, { status: 200, body: { items: revisions } });
  server.on(/GET \/api\/v1\/nodes$/, () => ({ status: 200, body: { items: world.nodes } }));
  server.on(/GET .*\/pods$/, () => ({ status: 200, body: { items: world.pods } }));
  return world;
}

const mostMissing = ({ server }: World): unknown =>
  (server.objects.get(path) as unknown as ReturnType<typeof aSet>).spec.updateStrategy.rollingUpdate
    .maxUnavailable;

test('a node that is off holds the others up no longer, and afterwards as many may be missing as before', async () => {
  await using world = await aWorld();
  world.pods = [aPod('n1', 'old'), aPod('n2', 'old'), aPod('n3', 'old', 'False')];
  const missing: unknown[] = [];
  world.server.on(/GET .*\/pods$/, () => {
    missing.push(mostMissing(world));
    // As the cluster's controller: with one away and one that may be missing, nothing is replaced.
    if (mostMissing(world) === 2) world.pods = both;
    return { status: 200, body: { items: world.pods } };
  });
  expect(await rollDaemonSet.apply(args, world.context)).toEqual({
    note: 'new on 2 nodes; away: n3',
  });
  expect(missing).toEqual([1, 2]);
  expect(mostMissing(world)).toBe(1);
  expect(world.context.said).toEqual([
    'waits: kube-proxy is new and ready on 0 of 2 nodes, next on n1',
  ]);
  expect(await rollDaemonSet.check(args, world.context)).toMatchObject({ kind: 'satisfied' });
});

test('nothing is raised while every node is there', async () => {
  await using world = await aWorld();
  world.nodes = [aNode('n1'), aNode('n2'), aNode('n3')];
  world.pods = [...both, aPod('n3', 'old')];
  let looks = 0;
  world.server.on(/GET .*\/pods$/, () => {
    looks += 1;
    if (looks === 3) world.pods = [...both, aPod('n3', 'new')];
    return null;
  });
  await rollDaemonSet.apply(args, world.context);
  expect(world.server.lines.filter((line) => line.startsWith('PATCH'))).toEqual([]);
});

test('what an agent that died has raised is lowered by the next', async () => {
  await using world = await aWorld();
  world.pods = both;
  const raised = aSet();
  raised.spec.updateStrategy.rollingUpdate.maxUnavailable = 2;
  const metadata = { ...raised.metadata, annotations: { 'muster.dev/max-unavailable': '1' } };
  world.server.objects.set(path, { ...raised, metadata });
  expect(await rollDaemonSet.check(args, world.context)).toMatchObject({ kind: 'needed' });
  await rollDaemonSet.apply(args, world.context);
  expect(mostMissing(world)).toBe(1);
  expect(await rollDaemonSet.check(args, world.context)).toMatchObject({ kind: 'satisfied' });
});

test('is not over before every kube-proxy says that its rules are laid', async () => {
  const asked: string[] = [];
  await using world = await aWorld(async (url) => {
    asked.push(url);
    const isLaid = url.includes('10.0.0.1') || asked.length > 6;
    const status = isLaid ? { status: { IPv4: { healthy: true } } } : {};
    return { status: 200, text: JSON.stringify({ healthy: true, ...status }) };
  });
  world.pods = both;
  const proxy = { ...args, proxyPort: 10256 };
  expect(await rollDaemonSet.check(proxy, world.context)).toEqual({
    kind: 'needed',
    why: 'kube-proxy of n2 has not said that its rules are laid',
  });
  await rollDaemonSet.apply(proxy, world.context);
  expect(new Set(asked)).toEqual(
    new Set(['http://10.0.0.1:10256/healthz', 'http://10.0.0.2:10256/healthz']),
  );
  expect(asked.length).toBeGreaterThan(6);
});

test('a kube-proxy that cannot be asked is waited for ten seconds, and no longer', async () => {
  await using world = await aWorld(async () => {
    throw new Error('a firewall');
  });
  world.pods = both;
  const began = world.context.clock.boot();
  await rollDaemonSet.apply({ ...args, proxyPort: 10256 }, world.context);
  expect(world.context.clock.boot() - began).toBe(10_000);
});

test('a daemon set that is not there is waited for', async () => {
  await using world = await aWorld();
  world.server.objects.clear();
  expect(await rollDaemonSet.check(args, world.context)).toEqual({
    kind: 'needed',
    why: 'there is no kube-proxy in kube-system yet',
  });
});

test('a node that says for ever that it has no rules is named, and holds up no other', async () => {
  await using world = await aWorld(async () => ({ status: 200, text: '{"healthy":true}' }));
  world.pods = both;
  const context = { ...world.context, timeoutMs: 300_000 };
  await rollDaemonSet.apply({ ...args, proxyPort: 10256 }, context);
  expect(world.context.said.at(-1)).toBe(
    'goes on: kube-proxy of n1, n2 has not said that its rules are laid',
  );
});

test('what was raised is lowered when the step fails', async () => {
  await using world = await aWorld();
  world.pods = [aPod('n1', 'old'), aPod('n2', 'old'), aPod('n3', 'old', 'False')];
  await expect(rollDaemonSet.apply(args, world.context)).rejects.toMatchObject({
    code: 'not-ready',
  });
  expect(world.server.lines.filter((line) => line.startsWith('PATCH'))).toHaveLength(2);
  expect(mostMissing(world)).toBe(1);
});
