import { expect, test } from 'vitest';
import type { Document, NodeDocument } from '../../../../coordinator/operator/documents.ts';
import type { ExplainLine } from '../../../../coordinator/operator/explain.ts';
import type { Wait } from '../../../../coordinator/planner/wait.ts';
import { keys, type NodeRecord, type PlanRecord } from '../../../../coordinator/store/records.ts';
import { asStepId } from '../../../../shared/model/ids.ts';
import { aCluster, aNode, planFrom, startMs } from '../../../support/cluster-builders.ts';
import { emptyDecision, type OperatorWorld, operatorWorld } from './operator-world.ts';

const get = async <D extends Document>(
  world: OperatorWorld,
  kind: string,
  name = '',
): Promise<D[]> => {
  const reply = await world.handlers.Get({ kind, name }, world.context);
  return (reply.documents ?? []).map((bytes) => JSON.parse(Buffer.from(bytes).toString()) as D);
};

const tokenRequest = {
  pool: 'workers',
  ttlSeconds: 0,
  uses: 0,
  nodeName: '',
  sourceRange: '',
  standing: false,
};

async function withNodes(world: OperatorWorld): Promise<void> {
  await world.put(aCluster());
  world.nodes = [aNode('m1', 1), aNode('w1', 2, { pool: 'workers' })];
  for (const { record } of world.nodes) await world.store.put(keys.node(record.id), record, 0);
}

test('before any cluster, calls that need one say how to make it', async () => {
  const world = operatorWorld();
  expect(await get(world, 'nodes')).toEqual([]);
  const way = 'run `coordinator apply -f cluster.yaml`';
  await expect(get(world, 'artifacts')).rejects.toThrow(way);
  await expect(world.handlers.Explain({ node: '' }, world.context)).rejects.toThrow(way);
  await expect(world.handlers.CreateToken(tokenRequest, world.context)).rejects.toThrow(way);
  await expect(world.handlers.Retry({ node: '' }, world.context)).rejects.toThrow(way);
});

test('nodes come with phase, waits and labels; facts only when one is named', async () => {
  const world = operatorWorld();
  await withNodes(world);
  const wait: Wait = { subject: 'w1', reason: { code: 'no-master' }, sinceMs: startMs };
  world.decision = { ...emptyDecision, phases: { m1: 'preparing', w1: 'waiting' }, waits: [wait] };
  const nodes = await get<NodeDocument>(world, 'nodes');
  expect(nodes.map(({ name, phase, address }) => [name, phase, address])).toEqual([
    ['m1', 'preparing', '192.168.7.1'],
    ['w1', 'waiting', '192.168.7.2'],
  ]);
  expect(nodes[1]).toMatchObject({
    labels: { pool: 'workers' },
    waits: [
      { subject: 'w1', for: 'waits for the first master', sinceMs: startMs, kind: 'waiting' },
    ],
    roles: ['worker'],
  });
  expect(nodes[1]).not.toHaveProperty('details');
  // The word of artifacts and images, not the one of the agent's runtime.
  expect(nodes[1]?.architecture).toBe('amd64');
  const [named] = await get<NodeDocument>(world, 'nodes', 'w1');
  expect(named?.details).toMatchObject({ tokenId: 'mt0000000000', facts: { hostname: 'w1' } });
});

test('a name that is not there suggests the nearest, and an unknown kind lists the kinds', async () => {
  const world = operatorWorld();
  await withNodes(world);
  await expect(get(world, 'nodes', 'w2')).rejects.toMatchObject({
    code: 'not-found',
    message: 'there is no node w2; did you mean w1?',
  });
  await expect(get(world, 'pods')).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('there are: nodes, pools'),
  });
});

test('pools and clusters are counted from their hosts', async () => {
  const world = operatorWorld();
  await withNodes(world);
  expect(await get(world, 'pools')).toMatchObject([
    { name: 'control-plane', size: 3, joined: 1, ready: 0 },
    { name: 'workers', size: null, joined: 1, ready: 0 },
  ]);
  expect(await get(world, 'clusters')).toMatchObject([
    {
      name: 'lab',
      phase: 'waiting',
      joined: 2,
      ready: 0,
      artifacts: { stored: 0, state: 'missing' },
    },
  ]);
  world.pullState = { state: 'failed', done: 0, total: 1, message: 'no route' };
  expect(await get(world, 'clusters')).toMatchObject([
    { artifacts: { state: 'failed', message: 'no route' } },
  ]);
});

test('a token is shown once; the list tells its state and who used it', async () => {
  const world = operatorWorld();
  await withNodes(world);
  const reply = await world.handlers.CreateToken(
    { ...tokenRequest, pool: 'lab/workers' },
    world.context,
  );
  expect(reply.token).toMatch(/^mt[a-z0-9]{10}\./);
  const [token] = await get(world, 'tokens');
  expect(token).toMatchObject({
    kind: 'Token',
    name: reply.id,
    pool: 'workers',
    state: 'valid',
    uses: 1,
  });
  expect(JSON.stringify(token)).not.toContain('secret');
  world.clock.advance(3_600_001);
  expect(await get(world, 'tokens')).toMatchObject([{ state: 'expired' }]);
  await world.handlers.ChangeToken(
    { id: reply.id ?? '', action: 'extend', ttlSeconds: 60 },
    world.context,
  );
  expect(await get(world, 'tokens')).toMatchObject([{ state: 'valid' }]);
  await world.handlers.ChangeToken(
    { id: reply.id ?? '', action: 'revoke', ttlSeconds: 0 },
    world.context,
  );
  expect(await get(world, 'tokens')).toMatchObject([{ state: 'revoked' }]);
  const undo = world.handlers.ChangeToken(
    { id: reply.id ?? '', action: 'undo', ttlSeconds: 0 },
    world.context,
  );
  await expect(undo).rejects.toMatchObject({ code: 'usage' });
});

test('an unknown pool names those there are', async () => {
  const world = operatorWorld();
  await withNodes(world);
  const creating = world.handlers.CreateToken({ ...tokenRequest, pool: 'wrkers' }, world.context);
  await expect(creating).rejects.toThrow(
    'there is no pool wrkers; there are: control-plane, workers',
  );
});

test('join material mints a token; without an agent to give out it mints none', async () => {
  const world = operatorWorld();
  await withNodes(world);
  const request = { token: tokenRequest, format: 'shell' };
  const reply = await world.handlers.JoinMaterial(request, world.context);
  expect(reply.text).toContain(`${reply.tokenId}.`);
  expect(reply.text).toContain('https://192.168.7.1:7480');
  world.agentSha256 = {};
  await expect(world.handlers.JoinMaterial(request, world.context)).rejects.toThrow(
    '--agent-binary',
  );
  await expect(
    world.handlers.JoinMaterial({ ...request, format: 'pdf' }, world.context),
  ).rejects.toMatchObject({ code: 'usage' });
  expect(await get(world, 'tokens')).toHaveLength(1);
});

test('explain gives waits and blocking faults, of one node with what concerns the whole cluster', async () => {
  const world = operatorWorld();
  await withNodes(world);
  const waitOf = (subject: string): Wait => ({
    subject,
    reason: { code: 'first-facts' },
    sinceMs: startMs,
  });
  const fault = {
    check: 'memory',
    node: 'm1',
    severity: 'error' as const,
    found: '512 MiB',
    needed: '2 GiB',
    mend: 'add memory',
  };
  world.decision = {
    ...emptyDecision,
    waits: [waitOf('lab'), waitOf('w1')],
    faults: [fault, { ...fault, check: 'cpus', severity: 'warning' }],
  };
  const explain = async (node: string) => {
    const reply = await world.handlers.Explain({ node }, world.context);
    const lines = (reply.waits ?? []).map(
      (bytes) => JSON.parse(Buffer.from(bytes).toString()) as ExplainLine,
    );
    // These hosts measured nothing: that is told too, and elsewhere tested.
    return lines.filter(({ kind }) => kind !== 'unhealthy');
  };
  expect((await explain('')).map(({ subject }) => subject)).toEqual(['lab', 'w1', 'm1']);
  expect((await explain('m1')).map((wait) => wait.for)).toEqual([
    'waits for its first facts',
    'fails the preflight: [memory] found 512 MiB, needed 2 GiB; add memory',
  ]);
  await expect(explain('w9')).rejects.toMatchObject({ code: 'not-found' });
});

test('retry of a node releases its own holds and no others, and pulls again', async () => {
  const world = operatorWorld();
  await withNodes(world);
  await world.handlers.Retry({ node: 'w1' }, world.context);
  const nodes = (await world.store.range<NodeRecord>(keys.nodes)).map(({ value }) => value);
  const retried = nodes.map(({ name, retryGeneration }) => [name, retryGeneration]);
  expect(retried.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))).toEqual([
    ['m1', 0],
    ['w1', 1],
  ]);
  expect((await world.cluster())?.retryGeneration).toBe(0);
  await world.handlers.Retry({ node: '' }, world.context);
  expect((await world.cluster())?.retryGeneration).toBe(1);
  expect(world.pulled).toHaveLength(2);
  await expect(world.handlers.Retry({ node: 'w9' }, world.context)).rejects.toMatchObject({
    code: 'not-found',
  });
});

test('watch answers at the next change, and after 20 s without one', async () => {
  const world = operatorWorld();
  await withNodes(world);
  const revision = await world.store.revision();
  const changed = world.handlers.Watch({ revision }, world.context);
  await world.put(aCluster({ retryGeneration: 5 }));
  expect(await changed).toEqual({ revision: revision + 1 });
  const quiet = world.handlers.Watch({ revision: revision + 1 }, world.context);
  await Promise.resolve();
  world.clock.advance(20_000);
  expect(await quiet).toEqual({ revision: revision + 1 });
});

test('a caller who goes away ends its watch', async () => {
  const world = operatorWorld();
  const caller = new AbortController();
  const watching = world.handlers.Watch(
    { revision: 0 },
    { ...world.context, signal: caller.signal },
  );
  caller.abort();
  await expect(watching).rejects.toMatchObject({ name: 'AbortError' });
});

test('logs are of a node, a plan or a step, and follow what comes', async () => {
  const world = operatorWorld();
  await withNodes(world);
  const line = {
    atMs: startMs,
    node: 'w1',
    cluster: 'lab',
    planId: null,
    stepId: null,
    level: 'info' as const,
    text: 'accepted',
  };
  world.feed.append([line, { ...line, node: 'm1', text: 'other' }]);
  const read = async (subject: string, after: number, follow: boolean) => {
    const reply = await world.handlers.Logs({ subject, after, follow }, world.context);
    const texts = (reply.lines ?? []).map(
      (bytes) => (JSON.parse(Buffer.from(bytes).toString()) as { text: string }).text,
    );
    return { texts, next: Number(reply.next) };
  };
  const first = await read('w1', 0, false);
  expect(first.texts).toEqual(['accepted']);
  const following = read('w1', first.next, true);
  await Promise.resolve();
  world.feed.append([{ ...line, node: 'm1', text: 'not this' }]);
  world.feed.append([{ ...line, text: 'done' }]);
  expect((await following).texts).toEqual(['done']);
  await expect(read('w9', 0, false)).rejects.toMatchObject({ code: 'not-found' });
});

/** The plan that the planner makes for the only request of the store. */
async function planOfRequest(
  world: OperatorWorld,
  kind: 'issue-user-certificate' | 'smoke-test',
  change: Partial<PlanRecord>,
): Promise<void> {
  const [request] = await world.store.range<{ id: string }>(keys.requests);
  const step = {
    id: asStepId('the-step'),
    kind,
    args: {},
    timeoutSeconds: 1,
    effect: 'read',
    onStop: 'finish',
    beginWithinSeconds: null,
  };
  const draft = {
    nodeId: aNode('m1', 1).record.id,
    lane: 'cluster',
    goal: 'do it',
    goalKey: {
      kind: kind === 'smoke-test' ? 'smoke-test' : 'user-certificate',
      subject: request?.value.id ?? '',
      inputsDigest: '',
      generation: 0,
    },
    attempt: 1,
    factsDigest: '',
    stages: [{ title: 'one', steps: [step] }],
  };
  const plan = {
    ...planFrom(draft as unknown as Parameters<typeof planFrom>[0], 1, startMs),
    nodeName: 'm1',
    ...change,
  };
  await world.store.put(keys.plan(plan.planId), plan, 0);
}

const outputs = (values: Record<string, string>) => ({
  steps: [
    {
      stepId: 'the-step',
      state: 'changed' as const,
      attempt: 1,
      beganMs: 0,
      durationMs: 1,
      note: null,
      outputs: values,
      error: null,
    },
  ],
});

const csrPem = '-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n';
const kubeconfig = { csrPem, user: 'ada', ttlSeconds: 3600 };

async function withMaster(world: OperatorWorld): Promise<void> {
  await withNodes(world);
  await world.put(aCluster({ masters: [aNode('m1', 1).record.id] }));
}

test('a kubeconfig needs a control plane, a user name and a life of sense', async () => {
  const world = operatorWorld();
  await withNodes(world);
  await expect(world.handlers.Kubeconfig(kubeconfig, world.context)).rejects.toMatchObject({
    code: 'refused',
  });
  for (const wrong of [
    { user: '' },
    { user: 'a b' },
    { ttlSeconds: 1 },
    { ttlSeconds: 9e9 },
    { csrPem: 'x' },
  ]) {
    await expect(
      world.handlers.Kubeconfig({ ...kubeconfig, ...wrong }, world.context),
    ).rejects.toMatchObject({ code: 'usage' });
  }
  expect(await world.store.range(keys.requests)).toEqual([]);
});

test('a certificate is pending until the plan of its request is done; asking again is the same request', async () => {
  const world = operatorWorld();
  await withMaster(world);
  world.decision = emptyDecision;
  const pending = world.handlers.Kubeconfig(kubeconfig, world.context);
  await expect.poll(() => world.store.range(keys.requests).then(({ length }) => length)).toBe(1);
  world.clock.advance(20_000);
  expect(await pending).toMatchObject({
    pending: true,
    waitsFor: 'a control-plane host to take it',
  });
  const asking = world.handlers.Kubeconfig(kubeconfig, world.context);
  await planOfRequest(world, 'issue-user-certificate', {
    state: 'done',
    ...outputs({ certificate: 'CERT', ca: 'CA' }),
  });
  expect(await asking).toEqual({
    pending: false,
    certificatePem: 'CERT',
    caPem: 'CA',
    servers: ['https://192.168.7.1:6443'],
    cluster: 'lab',
    waitsFor: '',
  });
  expect(await world.store.range(keys.requests)).toHaveLength(1);
});

test('a certificate that the cluster will not sign is a refusal with the reason', async () => {
  const world = operatorWorld();
  await withMaster(world);
  const asking = world.handlers.Kubeconfig(kubeconfig, world.context);
  await expect.poll(() => world.store.range(keys.requests).then(({ length }) => length)).toBe(1);
  const error = {
    code: 'exec-failed' as const,
    message: 'kubectl said no',
    command: null,
    outputTail: null,
    retryable: false,
  };
  await planOfRequest(world, 'issue-user-certificate', { state: 'failed', error });
  await expect(asking).rejects.toThrow(
    /the cluster did not sign the certificate: m1: kubectl said no \(coordinator plan show p0/,
  );
});

test.each([
  ['done', {}, { pending: false, passed: true, lines: ['pods reach each other', 'DNS answers'] }],
  [
    'failed',
    {
      error: {
        code: 'not-ready',
        message: 'no DNS',
        command: null,
        outputTail: null,
        retryable: false,
      },
    },
    {
      pending: false,
      passed: false,
      lines: ['pods reach each other', 'DNS answers', expect.stringContaining('no DNS')],
    },
  ],
] as const)('a smoke test that is %s says so with its lines', async (state, change, expected) => {
  const world = operatorWorld();
  await withMaster(world);
  const running = world.handlers.SmokeTest({ runId: 'cli-1' }, world.context);
  await expect.poll(() => world.store.range(keys.requests).then(({ length }) => length)).toBe(1);
  await planOfRequest(world, 'smoke-test', {
    state,
    ...outputs({ lines: 'pods reach each other\nDNS answers' }),
    ...change,
  });
  expect(await running).toEqual(expected);
});
