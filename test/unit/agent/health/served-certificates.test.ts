import { X509Certificate } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { certificateHealth } from '../../../../agent/health/certificates.ts';
import { servedCertificates } from '../../../../agent/health/served-certificates.ts';
import type { TlsPlace } from '../../../../agent/host/tls-peek.ts';
import { type HealthWorld, healthWorld } from '../../../support/health-sources.ts';
import { type KubeCa, makeKubeCa, type Pair } from '../../../support/kube-pki.ts';

let ca: KubeCa;
let world: HealthWorld;
let dialled: TlsPlace[];
/** What each port serves. */
let ports: Record<number, Pair>;

const der = ({ certificate }: Pair): Uint8Array => new X509Certificate(certificate).raw;

function put(path: string, text: string): void {
  world.host.put(path, text);
  world.machine.stamps.set(path, `${Math.random()}`);
}

function putPair(base: string, pair: Pair): void {
  put(`${base}.crt`, pair.certificate);
  put(`${base}.key`, pair.key);
}

const look = async () =>
  await servedCertificates(world.sources, await certificateHealth(world.sources));

beforeEach(async () => {
  ca = await makeKubeCa();
  world = healthWorld();
  dialled = [];
  const [api, server, peer, client] = await Promise.all(
    ['kube-apiserver', 'server', 'peer', 'client'].map((name) => ca.issue(`CN=${name}`)),
  );
  if (api === undefined || server === undefined || peer === undefined || client === undefined)
    throw new Error('no certificates');
  ports = { 6443: api, 2379: server, 2380: peer };
  put(
    '/etc/kubernetes/manifests/kube-apiserver.yaml',
    '--advertise-address=10.0.0.11\n--secure-port=6443\n',
  );
  putPair('/etc/kubernetes/pki/apiserver', api);
  putPair('/etc/kubernetes/pki/apiserver-etcd-client', client);
  putPair('/etc/etcd/pki/server', server);
  putPair('/etc/etcd/pki/peer', peer);
  world.peek = async (place) => {
    dialled.push(place);
    const pair = ports[place.port];
    if (pair === undefined) throw new Error('connection refused');
    return der(pair);
  };
});

test('tells what the API server and both ports of etcd show, each at its own address', async () => {
  expect((await look()).map(({ by, subject }) => [by, subject])).toEqual([
    ['kube-apiserver', 'CN=kube-apiserver'],
    ['etcd', 'CN=server'],
    ['etcd-peer', 'CN=peer'],
  ]);
  expect(dialled.map(({ host, port }) => `${host}:${port}`)).toEqual([
    '10.0.0.11:6443',
    '127.0.0.1:2379',
    '10.0.0.11:2380',
  ]);
});

test('shows etcd a certificate of its own, so that no line is written about a stranger', async () => {
  await look();
  for (const { port, certificate, key } of dialled) {
    const isShown = certificate !== undefined && key !== undefined;
    expect([port, isShown]).toEqual([port, port !== 6443]);
  }
});

test('looks once a minute while everything is served as it lies in its file', async () => {
  await look();
  const { length } = dialled;
  await look();
  expect(dialled).toHaveLength(length);
  world.clock.skip(61_000);
  await look();
  expect(dialled).toHaveLength(2 * length);
});

test('looks again at once when a file is another one, until the process shows it', async () => {
  await look();
  const fresh = await ca.issue('CN=kube-apiserver');
  putPair('/etc/kubernetes/pki/apiserver', fresh);
  const served = async () => (await look()).find(({ by }) => by === 'kube-apiserver');
  const file = async () =>
    (await certificateHealth(world.sources)).find(({ path }) => path.endsWith('/apiserver.crt'));
  expect((await served())?.sha256).not.toBe((await file())?.sha256);
  ports[6443] = fresh;
  expect((await served())?.sha256).toBe((await file())?.sha256);
});

test('what does not answer is left out, and hides nothing else', async () => {
  delete ports[2379];
  expect((await look()).map(({ by }) => by)).toEqual(['kube-apiserver', 'etcd-peer']);
});
