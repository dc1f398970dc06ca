import { describe, expect, test } from 'vitest';
import { judgeHealth } from '../../../../coordinator/presence/judge-health.ts';
import { FRESH_MS } from '../../../../coordinator/presence/judge-host.ts';
import { createPolls } from '../../../../coordinator/presence/polls.ts';
import { seeCluster } from '../../../../coordinator/presence/see-cluster.ts';
import type { ClusterRecord } from '../../../../coordinator/store/records.ts';
import { aCluster, aNode, aView, startMs } from '../../../support/cluster-builders.ts';
import { aHealthReport } from '../../../support/health-reports.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { aPlan, etcdOf, installed } from '../operator/installed-world.ts';

const m1 = aNode('m1', 1);
const w1 = aNode('w1', 2, { pool: 'workers' });
const source = {
  book: { of: () => null, rejected: () => 2 },
  polls: { startedMs: 7, state: () => null },
};
const see = (change: Partial<ClusterRecord> = {}, nodes = [m1, w1]) =>
  seeCluster(aView(nodes, aCluster(change)), source);

test('a host that has just joined has nothing that could be missed', () => {
  const { hosts, etcdMembers, listeningSinceMs } = see();
  const nothing = { runtime: false, etcd: false, node: false, apiServer: false };
  expect(hosts).toMatchObject([
    { name: 'm1', isMaster: true, has: nothing, measured: null, rejected: 2 },
    { name: 'w1', isMaster: false, has: nothing, agentVersion: '0.1.0' },
  ]);
  expect(etcdMembers).toBeNull();
  expect(listeningSinceMs).toBe(7);
});

test('what the install has finished counts, and what is under way does not', () => {
  const { id } = m1.record;
  const prepared = { ...m1, record: { ...m1.record, applied: installed(m1) } };
  const { node: _, ...withoutNode } = installed(w1);
  const joining = {
    ...w1,
    record: { ...w1.record, applied: withoutNode },
    plans: [aPlan(w1, { goal: 'join', state: 'accepted' })],
  };
  const before = see({ controlPlane: [id] }, [prepared, joining]);
  expect(before.hosts[0]?.has).toEqual({
    runtime: true,
    etcd: false,
    node: false,
    apiServer: false,
  });
  expect(before.hosts[1]?.has).toMatchObject({ runtime: true, node: false });
  const after = see({ controlPlane: [id], etcd: etcdOf([m1]), masters: [id] }, [prepared, joining]);
  expect(after.hosts[0]?.has).toEqual({ runtime: true, etcd: true, node: true, apiServer: true });
  expect(after.etcdMembers).toEqual(['m1']);
});

test('identities that are not active are left out, and the clock check can be ignored', () => {
  const evicted = { ...w1, record: { ...w1.record, state: 'evicted' as const } };
  const seen = see({ ignoredChecks: ['clock'] }, [m1, evicted]);
  expect(seen.hosts.map(({ name }) => name)).toEqual(['m1']);
  expect(seen.ignoresClock).toBe(true);
});

test('a host that has not called yet was not heard, however old its facts are', () => {
  const silent = { ...m1, lastPollMs: null };
  expect(see({}, [silent]).hosts[0]?.lastHeardMs).toBeNull();
  expect(see({}, [{ ...m1, lastPollMs: 9 }]).hosts[0]?.lastHeardMs).toBe(9);
});

test('after a restart of the coordinator a host is away since it listens, not since its facts', () => {
  const silent = { ...m1, online: false, lastPollMs: null };
  const now = startMs + 5 * 24 * 3_600_000;
  const listening = { ...source, polls: { ...source.polls, startedMs: now - 60_000 } };
  const seen = seeCluster(aView([silent]), listening);
  const { hosts } = judgeHealth(seen, { now, certificatesNow: now });
  expect(hosts.get('m1')?.problems).toMatchObject([{ code: 'agent-away', sinceMs: now - 60_000 }]);
});

describe('what was finished', () => {
  const joined = { ...w1, record: { ...w1.record, applied: installed(w1, startMs) } };
  const at = (measuredMs: number, offsetMs = 0) => {
    const measured = { report: aHealthReport(), measuredMs, offsetMs };
    const book = { of: () => measured, rejected: () => 0 };
    const [host] = seeCluster(aView([joined]), { ...source, book }).hosts;
    return [host?.isNode, host?.has.node];
  };

  test('just after the last measurement is not missed in it', () => {
    expect(at(startMs - 1)).toEqual([true, false]);
    expect(at(startMs - FRESH_MS + 1)).toEqual([true, false]);
    expect(at(startMs)).toEqual([true, true]);
  });

  test('long after a measurement counts: that one says nothing any more', () => {
    expect(at(startMs - FRESH_MS)).toEqual([true, true]);
  });

  test.each([
    ['fell back by years', 800_000_000_000],
    ['is an hour behind', 3_600_000],
    ['is an hour ahead', -3_600_000],
  ])('is there on a host whose clock %s', (_, offsetMs) => {
    expect(at(startMs + 1_800_000, offsetMs)).toEqual([true, true]);
    expect(at(startMs - 1, offsetMs)).toEqual([true, false]);
  });
});

test('what an agent tells of its own trouble comes with its last poll', () => {
  const trouble = { code: 'journal-corrupt', sentence: 'the journal is damaged' };
  const polls = createPolls(manualClock());
  const told = { bootId: 'b', agentVersion: '0.1.0', factsDigest: '', lanes: [], journalId: 'j' };
  polls.begin(m1.record.id, { ...told, instanceId: 'i', poll: 1, journalEnd: 0, trouble }).end();
  const { hosts } = seeCluster(aView([m1, w1]), { ...source, polls });
  expect(hosts.map((host) => host.trouble)).toEqual([trouble, null]);
});
