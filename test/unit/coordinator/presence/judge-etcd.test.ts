// The quorum: what is known of etcd's majority from what each member's host measured.
import { describe, expect, test } from 'vitest';
import { judgeHealth } from '../../../../coordinator/presence/judge-health.ts';
import { FRESH_MS } from '../../../../coordinator/presence/judge-host.ts';
import type { SeenCluster, SeenHost } from '../../../../coordinator/presence/seen-cluster.ts';
import type { EtcdHealth, NodeHealth } from '../../../../shared/model/health.ts';
import {
  aHealthReport,
  aMasterReport,
  anEtcdMember,
  aSeenNode,
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
} from '../../../support/seen-clusters.ts';

const judge = (cluster: SeenCluster) =>
  judgeHealth(cluster, { now: nowMs, certificatesNow: nowMs });

const masters = (...hosts: readonly SeenHost[]): SeenCluster =>
  aSeenCluster({ hosts, etcdMembers: hosts.map(({ name }) => name) });

const stopped = (id: number, of: number): SeenHost =>
  aSeenMaster(id, of, {
    units: units({ 'etcd.service': { active: 'inactive', sub: 'dead' } }),
    etcd: { read: wrong('connect ECONNREFUSED'), status: 'unknown', members: 'unknown' },
  });

/** Up, and without a leader. */
const waiting = (id: number, of: number): SeenHost => {
  const { status } = anEtcdMember(id, of);
  const leaderless = status === 'unknown' ? status : { ...status, leaderId: null };
  const etcd: EtcdHealth = {
    read: wrong('no answer in time'),
    status: leaderless,
    members: 'unknown',
  };
  return aSeenMaster(id, of, { etcd });
};

const quorumOf = (cluster: SeenCluster) => {
  const { quorum, problems, state } = judge(cluster);
  return { quorum, codes: problems.map(({ code, severity }) => `${code} ${severity}`), state };
};

test('three of three', () => {
  expect(quorumOf(masters(aSeenMaster(1, 3), aSeenMaster(2, 3), aSeenMaster(3, 3)))).toEqual({
    quorum: { voters: 3, healthy: 3, unknown: 0, needed: 2, missing: [] },
    codes: [],
    state: 'healthy',
  });
});

test('before etcd was started nobody counts', () => {
  const cluster = { ...masters(stopped(1, 1)), etcdMembers: null };
  expect(judge(cluster)).toMatchObject({ quorum: null, problems: [] });
});

test.each<[string, SeenHost]>([
  ['stopped', stopped(2, 3)],
  ['without a majority while the others have one', waiting(2, 3)],
])('one member %s: two of three, and not one more', (_, second) => {
  const { quorum, codes, state } = quorumOf(masters(aSeenMaster(1, 3), second, aSeenMaster(3, 3)));
  expect(quorum).toMatchObject({ healthy: 2, needed: 2, missing: ['m2'] });
  expect(codes).toEqual(['etcd-reduced error']);
  expect(state).toBe('degraded');
});

test('a member whose agent is away may work: it is not known, and neither called lost nor well', () => {
  const one = masters(aSeenMaster(1, 3), away(aSeenMaster(2, 3)), aSeenMaster(3, 3));
  expect(quorumOf(one)).toEqual({
    quorum: { voters: 3, healthy: 2, unknown: 1, needed: 2, missing: [] },
    codes: ['etcd-reduced error'],
    state: 'degraded',
  });
  expect(judge(one).problems).toMatchObject([{ params: { missing: [], unknown: ['m2'] } }]);
  const five = [1, 2, 3, 4].map((id) => aSeenMaster(id, 5));
  expect(quorumOf(masters(...five, away(aSeenMaster(5, 5)))).codes).toEqual([
    'etcd-reduced warning',
  ]);
});

test('two agents of three that are stopped lose no quorum while the third member answers a read', () => {
  const cluster = masters(aSeenMaster(1, 3), away(aSeenMaster(2, 3)), away(aSeenMaster(3, 3)));
  expect(quorumOf(cluster)).toMatchObject({
    quorum: { healthy: 1, unknown: 2, missing: [] },
    codes: ['etcd-reduced error'],
    state: 'degraded',
  });
});

test('a read that was just answered outweighs members that were just measured as stopped', () => {
  expect(quorumOf(masters(aSeenMaster(1, 3), stopped(2, 3), stopped(3, 3)))).toMatchObject({
    quorum: { missing: ['m2', 'm3'] },
    codes: ['etcd-reduced error'],
  });
});

test('a member that is stopped says nothing of a majority among those that are away', () => {
  const others = [away(aSeenMaster(2, 3)), away(aSeenMaster(3, 3))];
  expect(quorumOf(masters(stopped(1, 3), ...others))).toMatchObject({
    quorum: { healthy: 0, unknown: 2, missing: ['m1'] },
    codes: ['etcd-reduced error'],
  });
});

test('with all masters away nothing is known of etcd; one that was stopped before is lost', () => {
  const cluster = masters(...[1, 2, 3].map((id) => away(aSeenMaster(id, 3))));
  expect(quorumOf(cluster)).toMatchObject({
    quorum: { healthy: 0, unknown: 3, missing: [] },
    codes: [],
    state: 'unknown',
  });
  const two = masters(away(aSeenMaster(1, 3)), away(stopped(2, 3)), away(stopped(3, 3)));
  expect(quorumOf(two)).toMatchObject({
    quorum: { unknown: 1, missing: ['m2', 'm3'] },
    codes: ['etcd-quorum-lost error'],
  });
});

test('one of five is a warning: there is one more to lose', () => {
  const five = [1, 2, 3, 4].map((id) => aSeenMaster(id, 5));
  expect(quorumOf(masters(...five, stopped(5, 5)))).toMatchObject({
    quorum: { healthy: 4, needed: 3, missing: ['m5'] },
    codes: ['etcd-reduced warning'],
  });
});

test('two of three hosts off are one fact, and the member that is left is not to blame', () => {
  const cluster = masters(waiting(1, 3), away(aSeenMaster(2, 3)), away(aSeenMaster(3, 3), 90_000));
  const { quorum, problems, state } = judge(cluster);
  expect(quorum).toMatchObject({ healthy: 1, needed: 2, missing: ['m2', 'm3'] });
  expect(problems).toMatchObject([{ code: 'etcd-quorum-lost', sinceMs: nowMs - 60_000 }]);
  expect(state).toBe('down');
});

test('all are up and none has a leader', () => {
  expect(quorumOf(masters(waiting(1, 3), waiting(2, 3), waiting(3, 3)))).toMatchObject({
    quorum: { healthy: 3, missing: [] },
    codes: ['etcd-leaderless error'],
    state: 'down',
  });
});

test('one member alone that is stopped is the whole quorum', () => {
  expect(quorumOf(masters(stopped(1, 1)))).toMatchObject({
    codes: ['etcd-quorum-lost error'],
    state: 'down',
  });
});

test('of a host that was not measured nothing is claimed, neither lost nor well', () => {
  const old = aSeenMaster(2, 3);
  const stale = {
    ...old,
    measured: measured(aMasterReport(2, 3), { measuredMs: nowMs - FRESH_MS - 1 }),
  };
  expect(quorumOf(masters(aSeenMaster(1, 3), stale, aSeenMaster(3, 3)))).toEqual({
    quorum: { voters: 3, healthy: 2, unknown: 1, needed: 2, missing: [] },
    codes: [],
    state: 'unknown',
  });
});

test('a member that the last measurement cannot show yet is not known to take part', () => {
  const second = aSeenMaster(2, 3);
  const bare = { ...second, has: { ...second.has, etcd: false } };
  expect(quorumOf(masters(aSeenMaster(1, 3), bare, aSeenMaster(3, 3)))).toMatchObject({
    quorum: { healthy: 2, unknown: 1, missing: [] },
    codes: [],
  });
});

describe('who votes', () => {
  const listing = (names: readonly string[], learner = 'nobody'): EtcdHealth =>
    anEtcdMember(1, 3, {
      members: names.map((name, index) => ({
        id: String(index + 1),
        name,
        peerUrls: [],
        learner: name === learner,
      })),
    });

  test('is what etcd lists, not what was agreed; a difference is named', () => {
    const hosts = [1, 2, 3].map((id) => aSeenMaster(id, 3, { etcd: listing(['m1', 'm2']) }));
    const { quorum, problems } = judge(masters(...hosts));
    expect(quorum).toMatchObject({ voters: 2, needed: 2 });
    expect(problems).toMatchObject([
      {
        code: 'etcd-members-differ',
        params: { listed: ['m1', 'm2'], agreed: ['m1', 'm2', 'm3'] },
        severity: 'warning',
      },
    ]);
  });

  test('is no learner', () => {
    const etcd = listing(['m1', 'm2', 'm3'], 'm3');
    const hosts = [1, 2, 3].map((id) => aSeenMaster(id, 3, { etcd }));
    expect(judge(masters(...hosts)).quorum).toMatchObject({ voters: 2 });
  });

  test('a member of no host of this fleet is not known, and one that never started has no name', () => {
    const etcd = listing(['m1', 'stranger', '']);
    expect(judge({ ...masters(aSeenMaster(1, 3, { etcd })) }).quorum).toMatchObject({
      voters: 3,
      healthy: 1,
      unknown: 2,
    });
  });

  test.each<[string, EtcdHealth]>([
    ['an etcd of its own', listing(['w1'])],
    ['members that nobody knows', listing(['x'])],
    ['the agreed members, but for one', listing(['m1', 'm2'])],
    ['nobody', listing([])],
  ])('is not told by a worker that lists %s', (_, etcd) => {
    const report = aHealthReport({ etcd });
    const w1 = aSeenHost('w1', { measured: measured(report, { measuredMs: nowMs - 1_000 }) });
    const three = { etcdMembers: ['m1', 'm2', 'm3'] };
    const well = [1, 2, 3].map((id) => aSeenMaster(id, 3));
    expect(quorumOf(aSeenCluster({ ...three, hosts: [...well, w1] }))).toMatchObject({
      quorum: { voters: 3, healthy: 3 },
      codes: [],
    });
    const broken = [1, 2, 3].map((id) => stopped(id, 3));
    expect(quorumOf(aSeenCluster({ ...three, hosts: [...broken, w1] }))).toMatchObject({
      quorum: { voters: 3, missing: ['m1', 'm2', 'm3'] },
      codes: ['etcd-quorum-lost error'],
    });
  });

  test.each<[string, readonly string[], string?]>([
    ['lists nobody', []],
    ['lists learners only', ['m1'], 'm1'],
    ['lists nobody who was agreed', ['x', 'y']],
  ])('is not told by a member that %s: the others are asked', (_, names, learner) => {
    const odd = aSeenMaster(1, 3, { etcd: listing(names, learner) });
    expect(quorumOf(masters(odd, aSeenMaster(2, 3), aSeenMaster(3, 3)))).toMatchObject({
      quorum: { voters: 3, healthy: 3 },
      codes: [],
    });
    const alone = masters(odd, stopped(2, 3), stopped(3, 3));
    expect(judge(alone).quorum).toMatchObject({ voters: 3, missing: ['m2', 'm3'] });
  });

  test('is not taken from a member whose agent is away', () => {
    const gone = away(aSeenMaster(1, 3, { etcd: listing(['m1']) }));
    expect(judge(masters(gone, waiting(2, 3), waiting(3, 3))).quorum).toMatchObject({ voters: 3 });
  });

  test('is not taken from a member that is no part of a majority', () => {
    const cut = { ...listing(['m1']), read: wrong('no answer in time') };
    const hosts = [aSeenMaster(1, 3, { etcd: cut }), aSeenMaster(2, 3), aSeenMaster(3, 3)];
    expect(judge(masters(...hosts)).quorum).toMatchObject({ voters: 3, missing: ['m1'] });
  });
});

describe('API servers', () => {
  const unreachable = { kind: 'unreachable', message: 'no answer', sinceMs: nowMs } as const;
  const silent = (id: number, node: NodeHealth = unreachable) =>
    aSeenMaster(id, 2, { apiServer: wrong('no answer in time'), node });
  const codesOf = (...hosts: readonly SeenHost[]) =>
    judge({ ...masters(...hosts), etcdMembers: null }).problems.map(({ code }) => code);

  test('none that answers is one fact about the cluster', () => {
    const { problems, state } = judge(masters(silent(1), away(aSeenMaster(2, 2))));
    expect(problems.map(({ code }) => code)).toContain('no-api-server');
    expect(state).toBe('down');
  });

  test('none is missed while a host was just answered through the API', () => {
    const off = [1, 2].map((id) => away(aSeenMaster(id, 2)));
    expect(codesOf(...off, aSeenHost('w1'))).toEqual([]);
    expect(codesOf(silent(1), silent(2), aSeenHost('w1'))).toEqual([]);
    const stale = measured(aHealthReport(), { measuredMs: nowMs - FRESH_MS - 1 });
    expect(codesOf(silent(1), silent(2), aSeenHost('w1', { measured: stale }))).toEqual([
      'no-api-server',
    ]);
  });

  test('of masters that are away none is called lost until a host reaches none', () => {
    const off = [1, 2].map((id) => away(aSeenMaster(id, 2)));
    expect(codesOf(...off)).toEqual([]);
    const w1 = aSeenHost('w1', { measured: measured(aHealthReport({ node: unreachable })) });
    expect(codesOf(...off, w1)).toEqual(['no-api-server']);
  });

  test('one that is left is said with the one that is not ready', () => {
    const { hosts } = judge(masters(silent(1, aSeenNode()), aSeenMaster(2, 2)));
    expect(hosts.get('m1')?.problems).toMatchObject([
      { code: 'api-server-not-ready', params: { others: 1 } },
    ]);
  });
});
