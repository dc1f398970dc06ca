import { beforeAll, expect, test } from 'vitest';
import { certificateHealth } from '../../../../agent/health/certificates.ts';
import { measureHealth } from '../../../../agent/health/measure.ts';
import { diskSpace, memorySpace } from '../../../../agent/health/space.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';
import { healthWorld, putNode } from '../../../support/health-sources.ts';
import { type KubeCa, kubeconfigText, makeKubeCa } from '../../../support/kube-pki.ts';

const facts = { bootId: 'boot-1', clock: { synchronized: true, service: 'chrony' } };
const meminfo = 'MemTotal:        4096000 kB\nMemFree: 1 kB\nMemAvailable:    2048000 kB\n';
const MiB = 1024 * 1024;

let ca: KubeCa;
beforeAll(async () => {
  ca = await makeKubeCa();
});

test('a bare host is measured too: what is not there is null, what is not known is unknown', async () => {
  const { sources } = healthWorld();
  expect(await measureHealth(sources, facts)).toEqual({
    schema: 'muster/health/v1',
    bootId: 'boot-1',
    units: 'unknown',
    kubelet: null,
    node: null,
    apiServer: null,
    etcd: null,
    certificates: [],
    served: [],
    disks: [{ path: '/', totalBytes: 100, freeBytes: 0 }],
    memory: 'unknown',
    clock: facts.clock,
  });
});

test('an API that hangs hides nothing else, and costs one limit, not one per probe', async () => {
  await using server = await KubeApiServer.start();
  const world = healthWorld({ limitMs: 300 });
  await putNode(world, server);
  server.on(/./, () => new Promise(() => {}));
  world.host
    .put('/proc/meminfo', meminfo)
    .put(
      '/etc/kubernetes/manifests/kube-apiserver.yaml',
      `--secure-port=${new URL(server.url).port}`,
    )
    .answer('systemctl show', 'Id=kubelet.service\nLoadState=loaded\nActiveState=active\n');
  const began = performance.now();
  const report = await measureHealth(world.sources, facts);
  expect(performance.now() - began).toBeLessThan(900);
  expect(report).toMatchObject({
    kubelet: { ok: true },
    node: { kind: 'unreachable' },
    apiServer: { ok: false },
    memory: { totalBytes: 4_096_000 * 1024 },
  });
});

test('a host on which nothing happens says the same bytes again', async () => {
  const { sources, host, machine, clock } = healthWorld();
  host.put('/proc/meminfo', meminfo);
  machine.spaces.set('/', { path: '/', totalBytes: 1000 * MiB, freeBytes: 500 * MiB });
  const first = JSON.stringify(await measureHealth(sources, facts));
  await clock.advance(10_000);
  machine.spaces.set('/', { path: '/', totalBytes: 1000 * MiB, freeBytes: 501 * MiB });
  expect(JSON.stringify(await measureHealth(sources, facts))).toBe(first);
});

test('certificates of kubeconfigs and of the kubelet’s link count, and a broken file costs no other', async () => {
  const world = healthWorld();
  const notAfterMs = Math.floor(Date.now() / 1000) * 1000 + 86_400_000;
  const pair = await ca.issue('CN=kubernetes-admin', { notAfterMs });
  world.host
    .put('/etc/kubernetes/pki/apiserver.crt', pair.certificate)
    .put('/etc/kubernetes/pki/broken.crt', 'nothing')
    .put('/etc/kubernetes/admin.conf', kubeconfigText('https://a:1', ca.certificate, pair))
    .put('/etc/kubernetes/scheduler.conf', 'kind: Config\n')
    .put('/var/lib/kubelet/pki/kubelet-client-current.pem', pair.key + pair.certificate);
  expect(await certificateHealth(world.sources)).toMatchObject(
    [
      '/etc/kubernetes/pki/apiserver.crt',
      '/var/lib/kubelet/pki/kubelet-client-current.pem',
      '/etc/kubernetes/admin.conf',
    ].map((path) => ({ path, subject: 'CN=kubernetes-admin', notAfterMs })),
  );
});

test('a certificate is read again when its file is another one, and gone with its file', async () => {
  const { sources, host, machine } = healthWorld();
  const path = '/etc/kubernetes/pki/apiserver.crt';
  host.put(path, (await ca.issue('CN=first')).certificate);
  expect(await certificateHealth(sources)).toMatchObject([{ subject: 'CN=first' }]);
  host.put(path, (await ca.issue('CN=second')).certificate);
  machine.stamps.set(path, 'second');
  expect(await certificateHealth(sources)).toMatchObject([{ subject: 'CN=second' }]);
  await host.remove(path);
  expect(await certificateHealth(sources)).toEqual([]);
});

test('disks and memory come in steps of 64 MiB; a path that is not there is left out', async () => {
  const { host, machine } = healthWorld();
  machine.spaces.set('/', { path: '/', totalBytes: 1000 * MiB, freeBytes: 130 * MiB });
  machine.spaces.set('/var/lib/etcd', { path: '/data', totalBytes: 7 * MiB, freeBytes: MiB });
  expect(await diskSpace(machine)).toEqual([
    { path: '/', totalBytes: 1000 * MiB, freeBytes: 128 * MiB },
    { path: '/var/lib/etcd', totalBytes: 7 * MiB, freeBytes: 0 },
  ]);
  host.put('/proc/meminfo', meminfo);
  expect(await memorySpace(host)).toEqual({
    totalBytes: 4_096_000 * 1024,
    availableBytes: 1984 * MiB,
  });
});
