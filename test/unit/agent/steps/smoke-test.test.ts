import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { smokeTest } from '../../../../agent/steps/smoke-test.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { fakeContext } from './fake-context.ts';

const namespace = '/api/v1/namespaces/muster-smoke-install';
const addresses: Record<string, string> = { 'pod-a': '10.200.1.5', 'pod-b': '10.200.2.7' };

/** A cluster in which pods get ready at once, and whose network answers as `answers` says. */
async function aCluster(answers: (from: string, host: string) => string | null = reach) {
  const server = await KubeApiServer.start();
  const nodes = createServer((_request, response) => void response.end('pod-b\n'));
  await new Promise<void>((resolve) => void nodes.listen(0, '127.0.0.1', resolve));
  const { port: nodePort } = nodes.address() as AddressInfo;
  const dialled: string[] = [];
  server.on(/GET .*\/serviceaccounts\/default$/, { status: 200, body: {} });
  server.on(/PATCH .*\/services\/web$/, ({ body, path }) => {
    const object = { ...(body as object), spec: { clusterIP: '10.96.3.4', ports: [{ nodePort }] } };
    server.objects.set(path, object);
    return { status: 201, body: object };
  });
  server.on(/GET .*\/pods\/pod-[ab]$/, ({ path }) => {
    if (!server.objects.has(path)) return null;
    const podIP = addresses[path.slice(-5)];
    const conditions = [{ type: 'Ready', status: 'True' }];
    return { status: 200, body: { status: { podIP, conditions } } };
  });
  server.on(/\/proxy\/dial$/, ({ path, query }) => {
    const from = path.includes('pod-a') ? 'pod-a' : 'pod-b';
    const host = query.get('host') ?? '';
    dialled.push(`${from} ${host}:${query.get('port')}`);
    const seen = answers(from, host);
    const body = seen === null ? { errors: ['i/o timeout'] } : { responses: [seen] };
    return { status: 200, body };
  });
  const context = fakeContext(
    new FakeHost().put('/etc/kubernetes/admin.conf', server.adminConfig),
    { timeoutMs: 60_000 },
  );
  return {
    server,
    context,
    dialled,
    nodePort,
    close: async () => {
      await new Promise((resolve) => void nodes.close(resolve));
      await server[Symbol.asyncDispose]();
    },
  };
}

function reach(_from: string, host: string): string {
  return Object.entries(addresses).find(([, address]) => address === host)?.[0] ?? 'pod-a';
}

const args = {
  runId: 'install',
  image: 'example/agnhost:1',
  nodes: [
    { name: 'w1', address: '127.0.0.1' },
    { name: 'w2', address: '127.0.0.2' },
    { name: 'h1', address: '127.0.0.1' },
  ],
  clusterDomain: 'cluster.local',
};
// 127.0.0.2 has nobody on the port: only tests that want a failing node name it.
const passing = { ...args, nodes: args.nodes.map((node) => ({ ...node, address: '127.0.0.1' })) };

test('goes every way the network has and shows a line for each', async () => {
  const { server, context, dialled, nodePort, close } = await aCluster();
  const { outputs = {} } = await smokeTest.apply(passing, context);
  expect(outputs['result']).toBe('passed');
  expect(outputs['lines']?.replaceAll(/\d+ ms/g, 'N ms').split('\n')).toEqual([
    'pod on w1 → pod 10.200.2.7 on w2 by IP: ok (N ms)',
    'pod on w2 → pod 10.200.1.5 on w1 by IP: ok (N ms)',
    'pod on w1 → service 10.96.3.4 by IP: ok (N ms)',
    'pod on w1 → service web.muster-smoke-install.svc.cluster.local by name: ok (N ms)',
    'pod on w2 → service 10.96.3.4 by IP: ok (N ms)',
    'pod on w2 → service web.muster-smoke-install.svc.cluster.local by name: ok (N ms)',
    `this host → node port ${nodePort} of w1 (127.0.0.1): ok (N ms)`,
    `this host → node port ${nodePort} of w2 (127.0.0.1): ok (N ms)`,
    `this host → node port ${nodePort} of h1 (127.0.0.1): ok (N ms)`,
  ]);
  expect(dialled).toContain('pod-a 10.200.2.7:8080');
  expect(dialled).toContain('pod-b 10.96.3.4:80');
  expect(server.objects.get(`${namespace}/pods/pod-b`)).toMatchObject({
    spec: { nodeName: 'w2', tolerations: [{ operator: 'Exists' }] },
  });
  expect(server.lines.at(-1)).toBe(`DELETE ${namespace}`);
  await close();
});

test('a way that opens late passes late', async () => {
  let tries = 0;
  const { context, close } = await aCluster((from, host) => {
    tries += 1;
    return tries <= 6 ? null : reach(from, host);
  });
  const { outputs } = await smokeTest.apply(passing, context);
  expect(outputs?.['result']).toBe('passed');
  expect(context.said.at(-1)).toMatch(/6 of 9 smoke test checks have not passed yet/);
  await close();
});

test('names the way that stays closed and what was seen, and cleans up', async () => {
  const { server, context, close } = await aCluster((from, host) =>
    host.startsWith('web.') ? null : reach(from, host),
  );
  await expect(smokeTest.apply(passing, context)).rejects.toMatchObject({
    code: 'not-ready',
    message: expect.stringMatching(/^2 of 9 .*svc\.cluster\.local by name: answered 200 "i\/o tim/),
  });
  expect(server.lines.at(-1)).toBe(`DELETE ${namespace}`);
  await close();
});

test('an answer of another pod than the one that was asked is no answer', async () => {
  const { context, close } = await aCluster(() => 'pod-a');
  await expect(smokeTest.apply(passing, context)).rejects.toMatchObject({
    message: expect.stringMatching(/pod 10\.200\.2\.7 on w2 by IP: answered 200 "pod-a"/),
  });
  await close();
});

test('a node whose port is closed is named', async () => {
  const { context, close } = await aCluster();
  await expect(smokeTest.apply(args, context)).rejects.toMatchObject({
    message: expect.stringMatching(/^1 of 9 .*of w2 \(127\.0\.0\.2\): .*ECONNREFUSED/),
  });
  await close();
});

test('says why a pod does not start, and cleans up', async () => {
  const { server, context, close } = await aCluster();
  const waiting = { reason: 'ErrImagePull', message: 'no such host' };
  server.on(/GET .*\/pods\/pod-b$/, {
    status: 200,
    body: { status: { phase: 'Pending', containerStatuses: [{ state: { waiting } }] } },
  });
  await expect(smokeTest.apply(passing, context)).rejects.toMatchObject({
    message: expect.stringMatching(/pod-b on w2 is not ready: ErrImagePull no such host/),
  });
  expect(server.lines.at(-1)).toBe(`DELETE ${namespace}`);
  await close();
});

test('waits for the namespace of an earlier run to be gone', async () => {
  const { server, context, close } = await aCluster();
  let looks = 0;
  const going = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } };
  server.on(/GET .*\/namespaces\/muster-smoke-install$/, () => {
    looks += 1;
    return looks < 4 ? { status: 200, body: going } : null;
  });
  await smokeTest.apply(passing, context);
  expect(looks).toBe(4);
  expect(server.lines.indexOf(`PATCH ${namespace}`)).toBeGreaterThan(3);
  await close();
});

test('a stop cleans up as well and stays a stop', async () => {
  const stop = new AbortController();
  const { server, context, close } = await aCluster(() => {
    stop.abort();
    return null;
  });
  const stopped = { ...context, signal: stop.signal };
  await expect(smokeTest.apply(passing, stopped)).rejects.toMatchObject({ name: 'AbortError' });
  expect(server.lines.at(-1)).toBe(`DELETE ${namespace}`);
  await close();
});

test.each(['UPPER', 'a/b', ''.padEnd(64, 'x')])('run id %j names no namespace', async (runId) => {
  const { server, context, close } = await aCluster();
  await expect(smokeTest.apply({ ...passing, runId }, context)).rejects.toMatchObject({
    code: 'invalid',
  });
  expect(server.lines).toEqual([]);
  await close();
});
