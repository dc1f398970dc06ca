// Health as the operator's calls tell it: the word of a row, what explain says, and that nothing is
// called as it should be that was not measured within the last minute.
import { beforeEach, describe, expect, test } from 'vitest';
import type {
  ClusterDocument,
  Document,
  NodeDocument,
} from '../../../../coordinator/operator/documents.ts';
import type { ExplainLine } from '../../../../coordinator/operator/explain.ts';
import { decide } from '../../../../coordinator/planner/decide.ts';
import type { NodeView } from '../../../../coordinator/planner/view.ts';
import type { Wait } from '../../../../coordinator/planner/wait.ts';
import type { HealthReport } from '../../../../shared/model/health.ts';
import { aView } from '../../../support/cluster-builders.ts';
import { aHealthReport, aMasterReport, aSeenNode, wrong } from '../../../support/health-reports.ts';
import { aPlan, type InstalledWorld, installedWorld } from './installed-world.ts';
import { emptyDecision, type OperatorWorld } from './operator-world.ts';

const dayMs = 24 * 3_600_000;

let installed: InstalledWorld;
let world: OperatorWorld;
const measure = (name: string, report: HealthReport): void => installed.measure(name, report);
const change = (name: string, to: Partial<NodeView>): void => installed.change(name, to);
const uninstall = (name: string): void => installed.uninstall(name);
beforeEach(async () => {
  installed = await installedWorld();
  world = installed.world;
});

async function get<D extends Document>(kind: string, name = ''): Promise<D[]> {
  const reply = await world.handlers.Get({ kind, name }, world.context);
  return (reply.documents ?? []).map((bytes) => JSON.parse(Buffer.from(bytes).toString()) as D);
}

async function explain(node = '') {
  const reply = await world.handlers.Explain({ node }, world.context);
  const lines = (reply.waits ?? []).map(
    (bytes) => JSON.parse(Buffer.from(bytes).toString()) as ExplainLine,
  );
  const { hosts, measured, oldestMs } = reply;
  return {
    lines,
    told: lines.map((line) => `${line.subject} ${line.code}`),
    hosts,
    measured,
    oldestMs,
  };
}

const statuses = async (): Promise<readonly string[]> =>
  (await get<NodeDocument>('nodes')).map(({ name, status }) => `${name} ${status}`);

test('a cluster on which everything is right is told so, with how old that is', async () => {
  expect(await statuses()).toEqual(['m1 ready', 'w1 ready', 'w2 ready']);
  expect(await explain()).toEqual({ lines: [], told: [], hosts: 3, measured: 3, oldestMs: 5_000 });
  const [cluster] = await get<ClusterDocument>('clusters');
  expect(cluster).toMatchObject({
    phase: 'ready',
    ready: 3,
    health: { state: 'healthy', hosts: 3, measuredHosts: 3, problems: [], quorum: { voters: 1 } },
  });
});

test('a host that is off is away, and nobody counts it as ready', async () => {
  const lastPollMs = world.clock.now() - 40_000;
  change('w1', { online: false, lastPollMs });
  expect(await statuses()).toEqual(['m1 ready', 'w1 away', 'w2 ready']);
  expect(await get('pools')).toMatchObject([{ ready: 1 }, { joined: 2, ready: 1 }]);
  const { lines, measured } = await explain();
  expect(lines).toMatchObject([
    {
      subject: 'w1',
      kind: 'unhealthy',
      code: 'agent-away',
      severity: 'error',
      sinceMs: lastPollMs,
    },
  ]);
  expect(measured).toBe(2);
  const [cluster] = await get<ClusterDocument>('clusters');
  // Its install is over: what is wrong is its health.
  expect(cluster).toMatchObject({ phase: 'ready', ready: 2, health: { state: 'degraded' } });
});

test.each<[string, Partial<HealthReport>, string, string]>([
  ['a kubelet that hangs', { kubelet: wrong('no answer') }, 'not ready', 'kubelet-silent'],
  [
    'a node that is not Ready',
    { node: aSeenNode({ ready: 'False' }) },
    'not ready',
    'node-not-ready',
  ],
  [
    'a node under pressure',
    { node: aSeenNode({ pressures: [{ type: 'DiskPressure', sinceMs: 0 }] }) },
    'degraded',
    'node-pressure',
  ],
])('%s is named in its row and by explain', async (_, report, status, code) => {
  measure('w1', aHealthReport(report));
  expect(await statuses()).toContain(`w1 ${status}`);
  expect((await explain()).told).toEqual([`w1 ${code}`]);
  expect((await explain('w1')).told).toEqual([`w1 ${code}`]);
  expect((await explain('w2')).told).toEqual([]);
});

test('what was not measured within the last minute is unknown, and nothing is as it should be', async () => {
  world.clock.advance(56_000);
  change('m1', { lastPollMs: world.clock.now() });
  expect(await statuses()).toEqual(['m1 unknown', 'w1 unknown', 'w2 unknown']);
  const { told, measured, hosts } = await explain();
  expect(told).toEqual(['m1 not-measured', 'w1 not-measured', 'w2 not-measured']);
  expect([measured, hosts]).toEqual([0, 3]);
});

test('a lost quorum is one line for everybody, and every row still has its reason', async () => {
  const etcd = { read: wrong('no answer'), status: 'unknown', members: 'unknown' } as const;
  const unreachable = { kind: 'unreachable', message: 'no answer in time', sinceMs: 0 } as const;
  const apiServer = wrong('etcd failed');
  measure('m1', aMasterReport(1, 1, { etcd, apiServer, node: unreachable }));
  measure('w1', aHealthReport({ node: unreachable }));
  measure('w2', aHealthReport({ node: unreachable }));
  expect((await explain()).told.toSorted()).toEqual(['lab etcd-quorum-lost', 'lab no-api-server']);
  expect((await explain('w1')).told).toContain('w1 api-unreachable');
  const nodes = await get<NodeDocument>('nodes');
  expect(nodes.map(({ health }) => health.problems.map(({ code }) => code))).toEqual([
    expect.arrayContaining(['api-unreachable', 'api-server-not-ready', 'etcd-silent']),
    ['api-unreachable'],
    ['api-unreachable'],
  ]);
});

describe('a host that went away in the middle of a plan', () => {
  test('is not said to work on it: it had it to do when it was last heard', async () => {
    const [, worker] = world.nodes;
    if (worker === undefined) throw new Error('no worker');
    const lastPollMs = world.clock.now() - 60_000;
    const { applied, ...record } = worker.record;
    const { node: _, ...prepared } = applied;
    const plans = [aPlan(worker, { goal: 'join as worker', state: 'accepted' })];
    change('w1', { record: { ...record, applied: prepared }, plans, online: false, lastPollMs });
    const cluster = await world.cluster();
    if (cluster === null) throw new Error('no cluster');
    world.decision = decide(aView(world.nodes, cluster), world.clock.now());
    const { lines } = await explain();
    expect(lines.map((line) => line.for).join()).not.toContain('works on');
    expect(lines[0]).toMatchObject({
      subject: 'w1',
      for: 'had "join as worker" to do when its agent last called',
      sinceMs: lastPollMs,
    });
    const [node] = await get<NodeDocument>('nodes', 'w1');
    expect(node?.waits).toHaveLength(1);
  });

  test('keeps what needs an operator', async () => {
    change('w1', { online: false });
    const held: Wait = { subject: 'w1', reason: { code: 'left-out', faults: [] }, sinceMs: 0 };
    world.decision = { ...emptyDecision, waits: [held] };
    const { lines } = await explain('w1');
    expect(lines.map(({ kind }) => kind)).toEqual(['held', 'unhealthy']);
  });
});

test('certificates are compared with a clock of their own', async () => {
  world.certificatesAheadMs = 330 * dayMs;
  const { told } = await explain('w1');
  expect(told).toEqual(['w1 certificate-ends']);
  expect(await statuses()).toContain('w1 degraded');
});

test('before it is a node a host has the word of its install, and away when it is', async () => {
  uninstall('w1');
  world.decision = { ...emptyDecision, phases: { w1: 'staging' } };
  expect(await statuses()).toContain('w1 staging');
  change('w1', { online: false, lastPollMs: world.clock.now() - 40_000 });
  expect(await statuses()).toContain('w1 away');
});

test('a host that was asked for by name shows what it measured', async () => {
  const [one] = await get<NodeDocument>('nodes', 'w1');
  expect(one?.details?.healthReport).toEqual(aHealthReport());
  const all = await get<NodeDocument>('nodes');
  expect(all.some((node) => 'details' in node)).toBe(false);
});

test('a host that is no member any more is neither judged nor missed', async () => {
  change('w1', { online: false });
  world.nodes = world.nodes.map((node) =>
    node.record.name === 'w1' ? { ...node, record: { ...node.record, state: 'evicted' } } : node,
  );
  expect(await statuses()).toContain('w1 evicted');
  expect(await explain()).toMatchObject({ lines: [], hosts: 2 });
});
