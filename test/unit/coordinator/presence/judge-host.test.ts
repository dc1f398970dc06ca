// What is wrong on one host: a table of situations, each with the code it is named by.
import { describe, expect, test } from 'vitest';
import {
  type ClusterHealth,
  type HealthState,
  judgeHealth,
} from '../../../../coordinator/presence/judge-health.ts';
import { FRESH_MS } from '../../../../coordinator/presence/judge-host.ts';
import { ONLINE_MS } from '../../../../coordinator/presence/polls.ts';
import type { Problem, ProblemCode } from '../../../../coordinator/presence/problem.ts';
import type { SeenCluster, SeenHost } from '../../../../coordinator/presence/seen-cluster.ts';
import type { HealthReport } from '../../../../shared/model/health.ts';
import {
  aHealthReport,
  anEtcdMember,
  aSeenNode,
  hostSinceMs,
  units,
  wrong,
} from '../../../support/health-reports.ts';
import {
  aSeenCluster,
  aSeenHost,
  aSeenMaster,
  away,
  measured,
  nowMs,
  withHost,
} from '../../../support/seen-clusters.ts';

const GiB = 1024 ** 3;
const dayMs = 24 * 3_600_000;

const judge = (cluster: SeenCluster, certificatesNow = nowMs): ClusterHealth =>
  judgeHealth(cluster, { now: nowMs, certificatesNow });

const judgeOne = (host: SeenHost, certificatesNow = nowMs) => {
  const health = judge(withHost(aSeenCluster(), host), certificatesNow).hosts.get(host.name);
  if (health === undefined) throw new Error(`no host ${host.name}`);
  return health;
};

const worker = (change: Partial<HealthReport>): SeenHost =>
  aSeenHost('w1', { measured: measured(aHealthReport(change)) });

const codes = (problems: readonly Problem[]): readonly ProblemCode[] =>
  problems.map(({ code }) => code);

test('a cluster on which everything is right has no problem, and says of when that is', () => {
  const health = judge(aSeenCluster());
  expect(health).toMatchObject({ state: 'healthy', problems: [], measuredMs: nowMs - 5_000 });
  expect([...health.hosts.values()].map(({ state }) => state)).toEqual(Array(4).fill('healthy'));
});

type Row = readonly [string, SeenHost, HealthState, readonly ProblemCode[]];

const down = { active: 'inactive', sub: 'dead' } as const;
const rows: readonly Row[] = [
  [
    'containerd is stopped',
    worker({
      units: units({
        'containerd.service': down,
        'muster-api-proxy.service': { active: 'activating', sub: 'auto-restart' },
      }),
    }),
    'down',
    ['unit-down'],
  ],
  [
    'the kubelet was killed for good',
    worker({
      units: units({ 'kubelet.service': { load: 'masked', active: 'failed', result: 'signal' } }),
      kubelet: wrong('connect ECONNREFUSED'),
      node: aSeenNode({ ready: 'Unknown', reason: 'NodeStatusUnknown' }),
    }),
    'down',
    ['unit-down', 'node-not-ready'],
  ],
  [
    'the kubelet hangs',
    worker({ kubelet: wrong('no answer within 4 s') }),
    'down',
    ['kubelet-silent'],
  ],
  [
    'the node is not Ready',
    worker({ node: aSeenNode({ ready: 'False', reason: 'KubeletNotReady' }) }),
    'down',
    ['node-not-ready'],
  ],
  [
    'the node was deleted',
    worker({ node: { kind: 'missing', name: 'w1', sinceMs: hostSinceMs } }),
    'down',
    ['node-missing'],
  ],
  [
    'the kubelet’s credential was removed',
    worker({ node: null, kubelet: null }),
    'down',
    ['part-missing'],
  ],
  [
    'the API proxy is stopped',
    worker({
      units: units({ 'muster-api-proxy.service': down }),
      node: { kind: 'unreachable', message: 'connect ECONNREFUSED', sinceMs: hostSinceMs },
    }),
    'degraded',
    ['unit-down'],
  ],
  [
    'the API is not reached',
    worker({ node: { kind: 'unreachable', message: 'no answer in time', sinceMs: hostSinceMs } }),
    'degraded',
    ['api-unreachable'],
  ],
  [
    'there is memory pressure',
    worker({ node: aSeenNode({ pressures: [{ type: 'MemoryPressure', sinceMs: hostSinceMs }] }) }),
    'degraded',
    ['node-pressure'],
  ],
  [
    'the kubelet restarts again and again',
    worker({
      units: units({
        'kubelet.service': { recentRestarts: 12, sinceMs: nowMs - 7_000 },
      }),
    }),
    'degraded',
    ['unit-restarting'],
  ],
  ['systemd does not answer', worker({ units: 'unknown' }), 'degraded', ['part-unknown']],
  [
    'certificates, disks and memory are not known',
    worker({ certificates: 'unknown', disks: 'unknown', memory: 'unknown' }),
    'degraded',
    ['part-unknown', 'part-unknown', 'part-unknown'],
  ],
  [
    'the API server is not ready',
    aSeenMaster(1, 3, { apiServer: wrong('it answers 500: [-]etcd failed') }),
    'degraded',
    ['api-server-not-ready'],
  ],
  [
    'the API server was removed',
    aSeenMaster(1, 3, { apiServer: null }),
    'degraded',
    ['part-missing'],
  ],
  [
    'the etcd member is stopped',
    aSeenMaster(1, 3, {
      units: units({ 'etcd.service': down }),
      etcd: { read: wrong('connect ECONNREFUSED'), status: 'unknown', members: 'unknown' },
    }),
    'degraded',
    ['unit-down'],
  ],
  [
    'the etcd member hangs',
    aSeenMaster(1, 3, {
      etcd: { read: wrong('no answer in time'), status: 'unknown', members: 'unknown' },
    }),
    'degraded',
    ['etcd-silent'],
  ],
  ['the etcd member is gone', aSeenMaster(1, 3, { etcd: null }), 'degraded', ['part-missing']],
  [
    'etcd raises an alarm at its quota',
    aSeenMaster(1, 3, {
      etcd: anEtcdMember(1, 3, {
        status: {
          memberId: '1',
          leaderId: '1',
          learner: false,
          databaseBytes: 2 * GiB,
          quotaBytes: 2 * GiB,
          alarms: [{ name: 'NOSPACE', sinceMs: hostSinceMs }],
        },
      }),
    }),
    'degraded',
    ['etcd-alarm', 'etcd-space'],
  ],
  [
    'a disk fills',
    worker({
      disks: [
        { path: '/', totalBytes: 100 * GiB, freeBytes: 5 * GiB },
        { path: '/var/lib/kubelet', totalBytes: 100 * GiB, freeBytes: 5 * GiB },
      ],
    }),
    'degraded',
    ['disk-low'],
  ],
  [
    'memory runs out',
    worker({ memory: { totalBytes: 16 * GiB, availableBytes: 64 * 1024 * 1024 } }),
    'degraded',
    ['memory-low'],
  ],
  [
    'nothing keeps the clock',
    worker({ clock: { synchronized: false, service: null } }),
    'degraded',
    ['clock-unkept'],
  ],
  [
    'the clock is wrong',
    aSeenHost('w1', { measured: measured(aHealthReport(), { offsetMs: -31_000 }) }),
    'degraded',
    ['clock-off'],
  ],
  [
    'its agent begins no step',
    aSeenHost('w1', { trouble: { code: 'journal-corrupt', sentence: 'the journal is damaged' } }),
    'degraded',
    ['agent-trouble'],
  ],
  ['the host is off', away(aSeenHost('w1')), 'away', ['agent-away']],
  [
    'the agent calls and its measurements are old',
    aSeenHost('w1', { measured: measured(aHealthReport(), { measuredMs: nowMs - FRESH_MS - 1 }) }),
    'unknown',
    ['not-measured'],
  ],
  ['the agent never measured', aSeenHost('w1', { measured: null }), 'unknown', ['not-measured']],
  [
    'its reports cannot be read',
    aSeenHost('w1', { measured: null, rejected: 3 }),
    'unknown',
    ['not-measured'],
  ],
];

test.each(rows)('when %s', (_, host, state, expected) => {
  const judged = judgeOne(host);
  expect(codes(judged.problems)).toEqual(expected);
  expect(judged.state).toBe(state);
  const cluster = judge(withHost(aSeenCluster(), host));
  expect(cluster.state).toBe(state === 'unknown' ? 'unknown' : 'degraded');
});

describe('what is fine', () => {
  test.each<[string, SeenHost]>([
    ['a clock of a container, which nobody sees being kept', worker({ clock: 'unknown' })],
    ['a health port that is switched off', worker({ kubelet: null })],
    ['a unit that is not for this role', worker({})],
    [
      'a kubelet that has run for a while after some restarts',
      worker({
        units: units({ 'kubelet.service': { recentRestarts: 12, sinceMs: nowMs - 60_000 } }),
      }),
    ],
    [
      'a big disk of which a little is a lot',
      worker({ disks: [{ path: '/', totalBytes: 4000 * GiB, freeBytes: 100 * GiB }] }),
    ],
    [
      'a small disk that is half empty',
      worker({ disks: [{ path: '/', totalBytes: 8 * GiB, freeBytes: 4 * GiB }] }),
    ],
  ])('%s', (_, host) => {
    expect(judgeOne(host).problems).toEqual([]);
  });

  test('an unkept clock that the operator takes the blame for', () => {
    const host = worker({ clock: { synchronized: false, service: null } });
    const cluster = withHost(aSeenCluster({ ignoresClock: true }), host);
    expect(judge(cluster).state).toBe('healthy');
  });
});

describe('a host in the middle of its install', () => {
  const bare = aHealthReport({
    units: units({
      'containerd.service': { load: 'not-found', active: 'inactive' },
      'kubelet.service': { active: 'activating', sub: 'auto-restart', recentRestarts: 40 },
      'muster-api-proxy.service': { load: 'not-found', active: 'inactive' },
    }),
    kubelet: null,
    node: null,
  });
  const joined = { runtime: false, etcd: false, node: false, apiServer: false };

  test('is judged only for what is there', () => {
    const host = aSeenHost('w1', { has: joined, measured: measured(bare) });
    expect(judgeOne(host)).toMatchObject({ state: 'healthy', problems: [] });
    const prepared = { ...host, has: { ...joined, runtime: true } };
    expect(codes(judgeOne(prepared).problems)).toEqual(['unit-down']);
  });

  test('is told of its wrong clock', () => {
    const host = aSeenHost('w1', { has: joined, measured: measured(bare, { offsetMs: 31_000 }) });
    expect(codes(judgeOne(host).problems)).toEqual(['clock-off']);
  });

  test('is missed when it goes away, as a warning: the cluster does not need it yet', () => {
    const { problems } = judgeOne(away(aSeenHost('w1', { isNode: false, has: joined })));
    expect(problems).toMatchObject([
      { code: 'agent-away', severity: 'warning', params: { isNode: false } },
    ]);
  });
});

describe('since when', () => {
  test('a host is away counts from its last call', () => {
    expect(judgeOne(away(aSeenHost('w1'), 40_000)).problems[0]?.sinceMs).toBe(nowMs - 40_000);
  });

  test('is the coordinator’s time, whatever the host’s clock says', () => {
    const report = aHealthReport({ kubelet: wrong('no answer') });
    const host = aSeenHost('w1', { measured: measured(report, { offsetMs: 7_000 }) });
    expect(judgeOne(host).problems[0]?.sinceMs).toBe(hostSinceMs + 7_000);
  });

  test('is never after the measurement', () => {
    const report = aHealthReport({ kubelet: { ok: false, message: 'x', sinceMs: nowMs + dayMs } });
    const host = aSeenHost('w1', { measured: measured(report) });
    expect(judgeOne(host).problems[0]?.sinceMs).toBe(nowMs - 5_000);
  });
});

describe('right after a start of the coordinator', () => {
  const started = (listeningSinceMs: number): SeenCluster =>
    aSeenCluster({
      listeningSinceMs,
      hosts: aSeenCluster().hosts.map((host) => ({
        ...host,
        online: false,
        lastHeardMs: null,
        measured: null,
      })),
    });

  test('nothing is known: nobody is called away or lost, and nothing healthy', () => {
    const health = judge(started(nowMs - 2_000));
    expect(health).toMatchObject({ state: 'unknown', problems: [], measuredMs: null });
    expect(codes([...health.hosts.values()].flatMap(({ problems }) => problems))).toEqual(
      Array(4).fill('not-measured'),
    );
  });

  test('who has still not called is away, since the coordinator listens', () => {
    const health = judge(started(nowMs - ONLINE_MS));
    expect(health.hosts.get('w1')).toMatchObject({
      state: 'away',
      problems: [{ sinceMs: nowMs - ONLINE_MS }],
    });
    // Agents can be away while what they look after works.
    expect(health).toMatchObject({ state: 'unknown', problems: [] });
  });
});

describe('certificates', () => {
  const endsMs = nowMs + 300 * dayMs;
  const certificate = (path: string, notAfterMs = endsMs) => ({
    path,
    subject: 'CN=x',
    notAfterMs,
  });
  const master = aSeenMaster(1, 3, {
    certificates: [
      certificate('/etc/kubernetes/pki/apiserver.crt', endsMs + dayMs),
      certificate('/etc/kubernetes/admin.conf'),
      certificate('/etc/kubernetes/pki/apiserver-etcd-client.crt'),
      certificate('/etc/etcd/pki/server.crt', endsMs - 1),
      certificate('/var/lib/kubelet/pki/kubelet-client-current.pem'),
      certificate('/etc/kubernetes/pki/ca.crt', nowMs + 3650 * dayMs),
    ],
  });

  test.each([
    ['31 days before', 31 * dayMs, null],
    ['30 days before', 30 * dayMs - 1, 'warning'],
    ['8 days before', 8 * dayMs, 'warning'],
    ['7 days before', 7 * dayMs - 1, 'error'],
    ['after', -dayMs, 'error'],
  ])('%s their end, by the clock of the check: %s', (_, leftMs, severity) => {
    const { problems } = judgeOne(master, endsMs - 1 - leftMs);
    expect(problems[0]?.severity ?? null).toBe(severity);
  });

  test('are told once per family, with the first to end and since when it is near', () => {
    const { problems, state } = judgeOne(master, endsMs - 20 * dayMs);
    expect(state).toBe('degraded');
    expect(problems).toMatchObject([
      { params: { family: 'etcd', count: 2, path: '/etc/etcd/pki/server.crt', days: 19 } },
      { params: { family: 'kubernetes', count: 2, path: '/etc/kubernetes/admin.conf', days: 20 } },
      { params: { family: 'kubelet', count: 1 } },
    ]);
    expect(problems[1]?.sinceMs).toBe(endsMs - 30 * dayMs);
  });
});

test('problems come with the errors first, the oldest of them first', () => {
  const report = aHealthReport({
    kubelet: { ok: false, message: 'x', sinceMs: nowMs - 10_000 },
    node: aSeenNode({
      ready: 'False',
      sinceMs: nowMs - 20_000,
      pressures: [{ type: 'DiskPressure', sinceMs: nowMs - 90_000 }],
    }),
  });
  const { problems } = judgeOne(aSeenHost('w1', { measured: measured(report) }));
  expect(codes(problems)).toEqual(['node-not-ready', 'kubelet-silent', 'node-pressure']);
});
