// What `certificates check` and `certificates renew` are told by the coordinator.
import { beforeEach, expect, test } from 'vitest';
import type { CertificateDocument } from '../../../../coordinator/operator/documents.ts';
import { decide } from '../../../../coordinator/planner/decide.ts';
import type { HealthReport } from '../../../../shared/model/health.ts';
import { aView } from '../../../support/cluster-builders.ts';
import { aHealthReport, aMasterReport } from '../../../support/health-reports.ts';
import { makeKubeCa } from '../../../support/kube-pki.ts';
import { type InstalledWorld, installedWorld } from './installed-world.ts';
import type { OperatorWorld } from './operator-world.ts';

const dayMs = 24 * 3_600_000;
let installed: InstalledWorld;
let world: OperatorWorld;

beforeEach(async () => {
  installed = await installedWorld();
  world = installed.world;
});

const aFile = (path: string, days: number, digit = 'a') => ({
  path,
  subject: 'CN=m1',
  notBeforeMs: 0,
  notAfterMs: world.clock.now() + days * dayMs,
  sha256: digit.repeat(64),
});

function measureMaster(change: Partial<HealthReport>): void {
  installed.measure('m1', aMasterReport(1, 1, change));
}

async function check(): Promise<readonly CertificateDocument[]> {
  const reply = await world.handlers.Get({ kind: 'certificates', name: '' }, world.context);
  return (reply.documents ?? []).map(
    (bytes) => JSON.parse(Buffer.from(bytes).toString()) as CertificateDocument,
  );
}

test('the first to end comes first, and what a process shows counts as much as its file', async () => {
  const files = [aFile('/etc/kubernetes/admin.conf', 60), aFile('/etc/etcd/pki/peer.crt', 300)];
  const old = {
    by: 'etcd-peer' as const,
    subject: 'CN=m1',
    notBeforeMs: 0,
    notAfterMs: world.clock.now() + 10 * dayMs,
    sha256: 'b'.repeat(64),
  };
  measureMaster({ certificates: files, served: [old] });
  const [first, second] = (await check()).filter(({ node }) => node === 'm1');
  expect(first).toMatchObject({
    path: '/etc/etcd/pki/peer.crt',
    leftMs: 10 * dayMs,
    isNearEnd: true,
    served: { by: 'etcd-peer', isOfFile: false },
  });
  expect(second).toMatchObject({
    path: '/etc/kubernetes/admin.conf',
    leftMs: 60 * dayMs,
    isNearEnd: false,
    served: null,
  });
});

test('who renews each is said: Muster, the kubelet, nobody', async () => {
  measureMaster({
    certificates: [
      aFile('/etc/kubernetes/pki/apiserver.crt', 300),
      aFile('/var/lib/kubelet/pki/kubelet-client-current.pem', 300),
      aFile('/etc/kubernetes/pki/ca.crt', 3000),
    ],
    served: [
      {
        by: 'kubelet',
        subject: 'CN=m1@1',
        notBeforeMs: 0,
        notAfterMs: world.clock.now() + dayMs,
        sha256: 'c'.repeat(64),
      },
    ],
  });
  const told = (await check()).filter(({ node }) => node === 'm1');
  expect(told.map(({ path, renewal, isNearEnd }) => [path, renewal, isNearEnd])).toEqual([
    [null, 'signs itself: nobody checks it', false],
    ['/etc/kubernetes/pki/apiserver.crt', 'by Muster', false],
    ['/var/lib/kubelet/pki/kubelet-client-current.pem', 'by the kubelet', false],
    ['/etc/kubernetes/pki/ca.crt', 'not: an authority', false],
  ]);
});

test('the coordinator’s own are among them, and a host that has told of none is named', async () => {
  const ca = await makeKubeCa('fleet');
  world.own = [{ path: 'keys/server.crt', pem: ca.certificate, isServed: true }];
  installed.measure('w1', aHealthReport({ certificates: 'unknown' }));
  const told = await check();
  expect(told.find(({ node }) => node === 'coordinator')).toMatchObject({
    path: 'keys/server.crt',
    served: { by: 'coordinator', isOfFile: true },
  });
  expect(told.at(-1)).toMatchObject({ node: 'w1', path: null, leftMs: null, isNearEnd: false });
});

test('ends are compared with the clock that certificates are compared with', async () => {
  measureMaster({ certificates: [aFile('/etc/kubernetes/admin.conf', 60)] });
  world.certificatesAheadMs = 40 * dayMs;
  const [first] = await check();
  expect(first).toMatchObject({ node: 'm1', leftMs: 20 * dayMs, isNearEnd: true });
});

const renew = async (node: string, runId = 'cli-1') =>
  await world.handlers.RenewCertificates({ node, runId }, world.context);

test('a renewal that is asked for is followed from its begin to its end', async () => {
  const cluster = await world.cluster();
  if (cluster === null) throw new Error('no cluster');
  const [master] = cluster.masters;
  if (master === undefined) throw new Error('no master');
  const asking = renew('m1');
  await world.put({
    ...cluster,
    renewed: { [master]: { beganMs: world.clock.now() + 1, atMs: world.clock.now() + 12_501 } },
  });
  expect(await asking).toEqual({
    pending: false,
    renewed: true,
    lines: ['m1: renewed in 12.5 s'],
  });
});

test('only masters have certificates that Muster renews', async () => {
  await expect(renew('w1')).rejects.toMatchObject({
    code: 'refused',
    message: /w1 is no master/,
  });
});

test('one that failed is not waited for: its reason and the way out are told', async () => {
  const view = aView(world.nodes);
  const decision = world.decision ?? decide(view, world.clock.now());
  const held = { kind: 'held', why: 'etcd has no leader', planId: 'p1' } as const;
  world.decision = { ...decision, renewals: { m1: held } };
  expect(await renew('')).toEqual({
    pending: false,
    renewed: false,
    lines: [
      'm1: failed: etcd has no leader; you mend it and run `coordinator retry m1` (details: coordinator plan show p1)',
    ],
  });
});
