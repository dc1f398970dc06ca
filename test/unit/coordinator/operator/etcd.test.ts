// What operators ask of etcd and are told of it: tasks, the recovery key, members and snapshots.
import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type {
  ClusterDocument,
  Document,
  EtcdMemberDocument,
  SnapshotDocument,
} from '../../../../coordinator/operator/documents.ts';
import {
  type ClusterRecord,
  keys,
  type OperatorRequest,
  type SnapshotRecord,
} from '../../../../coordinator/store/records.ts';
import { update } from '../../../../coordinator/store/store.ts';
import { fingerprintOf, publicKeyOf } from '../../../../shared/recovery-key.ts';
import { aMasterReport, anEtcdMember, wrong } from '../../../support/health-reports.ts';
import { type InstalledWorld, installedWorld } from './installed-world.ts';
import type { OperatorWorld } from './operator-world.ts';

const mib = 1024 * 1024;
let installed: InstalledWorld;
let world: OperatorWorld;
beforeEach(async () => {
  installed = await installedWorld();
  world = installed.world;
});

async function get<D extends Document>(kind: string): Promise<D[]> {
  const reply = await world.handlers.Get({ kind, name: '' }, world.context);
  return (reply.documents ?? []).map((bytes) => JSON.parse(Buffer.from(bytes).toString()) as D);
}

async function change(to: Partial<ClusterRecord>): Promise<void> {
  await update<ClusterRecord>(world.store, keys.cluster('lab'), (current) =>
    current === null ? null : { ...current, ...to },
  );
}

const aSnapshot = (id: string, to: Partial<SnapshotRecord> = {}): SnapshotRecord => ({
  id,
  nodeId: world.nodes[0]!.record.id,
  nodeName: 'm1',
  takenMs: world.clock.now() - 3_600_000,
  revision: '7',
  hash: 'ff',
  bytes: 3 * mib,
  path: `/snapshots/${id}.db`,
  isOnHost: true,
  sealed: null,
  copiedMs: null,
  ...to,
});
const sealed = { sha256: 'a'.repeat(64), bytes: 4 * mib, key: 'abcd' };

function aKey(): string {
  return publicKeyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

const setKey = async (publicKey: string, replace = false) =>
  await world.handlers.SetRecoveryKey({ publicKey, replace }, world.context);

describe('the recovery key', () => {
  test('is kept as its public half, and named by its fingerprint', async () => {
    const publicKey = aKey();
    const fingerprint = fingerprintOf(publicKey);
    expect(await setKey(publicKey)).toEqual({ fingerprint, cluster: 'lab' });
    expect((await world.cluster())?.recoveryKey).toMatchObject({ publicKey, fingerprint });
    expect(world.audited.at(-1)).toMatchObject({ fields: { fingerprint } });
  });

  test('is not replaced by chance, and the same one again changes nothing', async () => {
    const first = aKey();
    await setKey(first);
    await setKey(first);
    await expect(setKey(aKey())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('--replace'),
    });
    const second = aKey();
    await setKey(second, true);
    expect((await world.cluster())?.recoveryKey?.publicKey).toBe(second);
  });

  test('is a key on the curve, or refused', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const other = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    await expect(setKey(other)).rejects.toMatchObject({ code: 'invalid' });
    await expect(setKey('bm8ga2V5')).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('what a cluster would be restored from', () => {
  test('without a key it is said that snapshots go with the masters', async () => {
    const [cluster] = await get<ClusterDocument>('clusters');
    expect(cluster?.backup).toMatchObject({
      recoveryKey: null,
      note: expect.stringContaining('on the masters only'),
    });
  });

  test('with a key and no copy it is said too', async () => {
    await setKey(aKey());
    const [cluster] = await get<ClusterDocument>('clusters');
    expect(cluster?.backup.note).toMatch(/no snapshot was copied/);
  });

  test('with a copy there is nothing to say', async () => {
    await setKey(aKey());
    const snapshots = [aSnapshot('one', { sealed, copiedMs: world.clock.now() })];
    await change({ snapshots });
    const [cluster] = await get<ClusterDocument>('clusters');
    expect(cluster?.backup).toMatchObject({ note: null, lastCopiedMs: snapshots[0]?.takenMs });
  });
});

test('snapshots are listed newest first, with where each lies', async () => {
  await change({
    snapshots: [
      aSnapshot('gone', { isOnHost: false }),
      aSnapshot('copied', { isOnHost: false, sealed, copiedMs: 1 }),
      aSnapshot('new', { sealed }),
    ],
  });
  const told = await get<SnapshotDocument>('snapshots');
  expect(told.map(({ name, node, copiedMs }) => [name, node, copiedMs])).toEqual([
    ['new', 'm1', null],
    ['copied', null, 1],
  ]);
});

describe('members', () => {
  test('are told as their own hosts measured them', async () => {
    const etcd = anEtcdMember(1, 1);
    if (etcd.status === 'unknown') throw new Error('a status is expected');
    const status = {
      ...etcd.status,
      memberId: '18446744073709551615',
      leaderId: '18446744073709551615',
    };
    const news = { inUseBytes: 5 * mib, raftIndex: 12_000, raftTerm: 4, version: '3.6.12' };
    installed.measure(
      'm1',
      aMasterReport(1, 1, { etcd: { ...etcd, status: { ...status, ...news } } }),
    );
    expect(await get<EtcdMemberDocument>('etcd-members')).toMatchObject([
      { name: 'm1', id: 'ffffffffffffffff', state: 'healthy', isLeader: true, ...news },
    ]);
  });

  test('of an agent that tells less are shown with what it tells', async () => {
    const [member] = await get<EtcdMemberDocument>('etcd-members');
    expect(member).toMatchObject({ state: 'healthy', version: null, inUseBytes: null });
  });

  test('that do not answer say why; those nobody looked at are unknown, or away', async () => {
    const etcd = { ...anEtcdMember(1, 1), read: wrong('no leader') };
    installed.measure('m1', aMasterReport(1, 1, { etcd }));
    expect(await get('etcd-members')).toMatchObject([{ state: 'down', message: 'no leader' }]);
    world.measured.clear();
    expect(await get('etcd-members')).toMatchObject([{ state: 'unknown', databaseBytes: null }]);
    installed.change('m1', { online: false });
    expect(await get('etcd-members')).toMatchObject([{ state: 'away' }]);
  });
});

describe('a task', () => {
  test.each([
    [{ task: 'restore', runId: 'a' }, /not "restore"/],
    [{ task: 'snapshot', runId: 'A B' }, /run id/],
  ])('%j is refused', async (request, why) => {
    await expect(world.handlers.EtcdTask(request, world.context)).rejects.toThrow(why);
  });

  test('is a request of its own, the same one when it is asked again', async () => {
    const signal = AbortSignal.abort();
    const context = { ...world.context, signal };
    const ask = async (): Promise<unknown> =>
      await world.handlers.EtcdTask({ task: 'snapshot', runId: 'a' }, context).catch(() => null);
    await ask();
    await ask();
    const requests = await world.store.range<OperatorRequest>(keys.requests);
    expect(requests.map(({ value }) => value.kind)).toEqual(['snapshot']);
  });
});
