// What only masters have: an API server and an etcd member of their own.
import { expect, test } from 'vitest';
import { apiServerHealth } from '../../../../agent/health/api-server.ts';
import { etcdHealth } from '../../../../agent/health/etcd.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { type HealthWorld, healthWorld, putNode } from '../../../support/health-sources.ts';

async function aMaster(server: KubeApiServer, limitMs = 4_000): Promise<HealthWorld> {
  const world = healthWorld({ limitMs, etcdUrl: server.url });
  await putNode(world, server);
  const { port } = new URL(server.url);
  world.host
    .put(
      '/etc/kubernetes/manifests/kube-apiserver.yaml',
      `- --advertise-address=127.0.0.1\n- --secure-port=${port}\n`,
    )
    .put('/var/lib/etcd/member/wal/0.wal', '')
    .put('/etc/kubernetes/pki/etcd/ca.crt', server.ca.certificate)
    .put('/etc/kubernetes/pki/apiserver-etcd-client.crt', server.admin.certificate)
    .put('/etc/kubernetes/pki/apiserver-etcd-client.key', server.admin.key);
  return world;
}

test('workers have neither', async () => {
  const { sources } = healthWorld();
  expect(await apiServerHealth(sources)).toBeNull();
  expect(await etcdHealth(sources)).toBeNull();
});

test('an API server that is ready is right; one that is not names the checks that fail', async () => {
  await using server = await KubeApiServer.start();
  const { sources } = await aMaster(server);
  server.on(/readyz/, { status: 200, body: 'ok' });
  expect(await apiServerHealth(sources)).toMatchObject({ ok: true, message: '' });
  server.on(/readyz/, { status: 500, body: '[+]ping ok\n[-]etcd failed: reason withheld\n' });
  expect(await apiServerHealth(sources)).toMatchObject({
    ok: false,
    message: 'it answers 500: [-]etcd failed: reason withheld',
  });
});

test('an API server that hangs is not ready', async () => {
  await using server = await KubeApiServer.start();
  const { sources } = await aMaster(server, 100);
  server.on(/readyz/, () => new Promise(() => {}));
  expect(await apiServerHealth(sources)).toMatchObject({ ok: false, message: 'no answer in time' });
});

const status = {
  header: { member_id: '10501334649042878790' },
  version: '3.6.16',
  dbSize: '20979712',
  leader: '9372538179322589801',
  dbSizeQuota: '2147483648',
  dbSizeInUse: '8388700',
  raftIndex: '118342',
  raftTerm: '3',
};

test('an etcd member tells itself and the others, ids to the last digit', async () => {
  await using server = await KubeApiServer.start();
  const { sources } = await aMaster(server);
  server
    .on(/range/, { status: 200, body: { header: {} } })
    .on(/status/, { status: 200, body: status })
    .on(/member\/list/, {
      status: 200,
      body: {
        members: [
          { ID: '9372538179322589801', name: 'm1', peerURLs: ['https://10.0.0.1:2380'] },
          { ID: '10501334649042878790', peerURLs: ['https://10.0.0.2:2380'], isLearner: true },
        ],
      },
    });
  expect(await etcdHealth(sources)).toEqual({
    read: { ok: true, message: '', sinceMs: expect.any(Number) },
    status: {
      memberId: '10501334649042878790',
      leaderId: '9372538179322589801',
      learner: false,
      databaseBytes: 20 * 1024 * 1024,
      quotaBytes: 2147483648,
      inUseBytes: 8 * 1024 * 1024,
      // In steps: it grows with every write of a cluster at rest.
      raftIndex: 118_000,
      raftTerm: 3,
      version: '3.6.16',
      alarms: [],
    },
    members: [
      { id: '10501334649042878790', name: '', peerUrls: ['https://10.0.0.2:2380'], learner: true },
      {
        id: '9372538179322589801',
        name: 'm1',
        peerUrls: ['https://10.0.0.1:2380'],
        learner: false,
      },
    ],
  });
});

test('a member without a majority answers no read, and still tells that it has no leader', async () => {
  await using server = await KubeApiServer.start();
  const { sources } = await aMaster(server, 200);
  const { leader: _, ...leaderless } = status;
  server
    .on(/range/, () => new Promise(() => {}))
    .on(/status/, { status: 200, body: { ...leaderless, errors: ['etcdserver: no leader'] } })
    .on(/member\/list/, { status: 503, body: { message: 'unavailable' } });
  expect(await etcdHealth(sources)).toMatchObject({
    read: { ok: false, message: 'no answer in time' },
    status: { leaderId: null, alarms: [] },
    members: 'unknown',
  });
});

test('alarms are told by name', async () => {
  await using server = await KubeApiServer.start();
  const { sources } = await aMaster(server);
  const errors = ['memberID:10501334649042878790 alarm:NOSPACE '];
  server
    .on(/range/, { status: 200, body: {} })
    .on(/status/, { status: 200, body: { ...status, errors } });
  expect(await etcdHealth(sources)).toMatchObject({ status: { alarms: [{ name: 'NOSPACE' }] } });
});

test('a member that is stopped is told as one that refuses', async () => {
  const server = await KubeApiServer.start();
  const { sources } = await aMaster(server);
  await server[Symbol.asyncDispose]();
  expect(await etcdHealth(sources)).toMatchObject({
    read: { ok: false, message: expect.stringContaining('ECONNREFUSED') },
    status: 'unknown',
    members: 'unknown',
  });
});
