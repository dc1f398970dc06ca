import { X509Certificate } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { caDigestOf } from '../../../../agent/steps/ca-digest.ts';
import { renewCertificates } from '../../../../agent/steps/renew-certificates.ts';
import type { StepArgs } from '../../../../shared/model/step.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { type KubeCa, kubeconfigText, makeKubeCa } from '../../../support/kube-pki.ts';
import { type FakeContext, fakeContext, jumpingClock } from './fake-context.ts';

const pki = '/etc/kubernetes/pki';
const configs = ['admin', 'super-admin', 'controller-manager', 'scheduler'];
const leaves = ['apiserver', 'apiserver-kubelet-client', 'front-proxy-client'];
const yesterday = Date.now() - 24 * 3600_000;

let ca: KubeCa;
let proxyCa: KubeCa;
let host: FakeHost;
let context: FakeContext;
let args: StepArgs['renew-certificates'];

/** A master whose certificates have ended, and a kubeadm that makes what it is asked for. */
beforeEach(async () => {
  [ca, proxyCa] = await Promise.all([makeKubeCa(), makeKubeCa('front-proxy-ca')]);
  host = new FakeHost();
  context = fakeContext(host, { clock: jumpingClock(Date.now()) });
  for (const [name, authority] of [
    ['ca', ca],
    ['front-proxy-ca', proxyCa],
  ] as const) {
    host.put(`${pki}/${name}.crt`, authority.certificate);
    host.put(`${pki}/${name}.key`, authority.key);
  }
  await putPairs(pki, yesterday);
  await putConfigs('/etc/kubernetes', yesterday);
  host.put(
    '/etc/muster/kubeadm/init.yaml',
    'kind: InitConfiguration\n---\napiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n',
  );
  args = {
    renewal: 'renewal-1',
    configPath: '/etc/muster/kubeadm/init.yaml',
    nodeName: 'm1',
    caDigest: caDigestOf(ca.certificate),
  };
  const fresh = { pairs: new FakeHost(), configs: new FakeHost() };
  const kept = host;
  host = fresh.pairs;
  await putPairs('', Date.now() + 365 * 24 * 3600_000);
  host = fresh.configs;
  await putConfigs('', Date.now() + 365 * 24 * 3600_000);
  host = kept;
  host.answer(/kubeadm init phase certs/, (argv) => {
    const name = argv[4] ?? '';
    for (const end of ['crt', 'key']) {
      const text = fresh.pairs.text(`/${name}.${end}`) ?? '';
      host.put(`${asideOf(argv)}/pki/${name}.${end}`, text);
    }
    return '';
  });
  host.answer(/kubeadm init phase kubeconfig all/, (argv) => {
    for (const name of configs)
      host.put(`${argv.at(-1)}/${name}.conf`, fresh.configs.text(`/${name}.conf`) ?? '');
    return '';
  });
  host.answer('sync', '');
});

const asideOf = (argv: readonly string[]): string =>
  (argv[argv.indexOf('--config') + 1] ?? '').replace('/kubeadm.yaml', '');

async function putPairs(directory: string, notAfterMs: number): Promise<void> {
  for (const name of leaves) {
    const signer = name === 'front-proxy-client' ? proxyCa : ca;
    const pair = await signer.issue(`CN=${name}`, { names: ['m1'], notAfterMs });
    host.put(`${directory}/${name}.crt`, pair.certificate);
    host.put(`${directory}/${name}.key`, pair.key);
  }
}

async function putConfigs(directory: string, notAfterMs: number): Promise<void> {
  for (const name of configs) {
    const user = await ca.issue(`CN=${name}`, { notAfterMs });
    const text = kubeconfigText('https://10.0.0.11:6443', ca.certificate, user);
    host.put(`${directory}/${name}.conf`, text);
  }
}

const endOf = (path: string): number =>
  new X509Certificate(host.text(path) ?? '').validToDate.getTime();

test('makes certificates that have ended anew, keeps the authorities, and is content afterwards', async () => {
  expect(await renewCertificates.check(args, context)).toMatchObject({ kind: 'needed' });
  await renewCertificates.apply(args, context);
  expect(await renewCertificates.check(args, context)).toMatchObject({ kind: 'satisfied' });
  for (const name of leaves) expect(endOf(`${pki}/${name}.crt`)).toBeGreaterThan(Date.now());
  expect(host.text(`${pki}/ca.crt`)).toBe(ca.certificate);
  expect(host.text(`${pki}/ca.key`)).toBe(ca.key);
});

test('leaves no copy of an authority’s key behind', async () => {
  await renewCertificates.apply(args, context);
  expect(host.lines).toContain(`write /state/renewals/aside/${context.unit}/pki/ca.key 0600`);
  const left = [...host.files.keys()].filter((path) => path.startsWith('/state/'));
  expect(left).toEqual(['/state/renewals/kubernetes.json']);
});

test('the same renewal is done once, another one makes them anew however good they are', async () => {
  await renewCertificates.apply(args, context);
  const other = { ...args, renewal: 'renewal-2' };
  expect(await renewCertificates.check(args, context)).toMatchObject({ kind: 'satisfied' });
  expect(await renewCertificates.check(other, context)).toEqual({
    kind: 'needed',
    why: 'they were not made anew yet',
  });
});

test('one that was cut off while they were put in place is taken up', async () => {
  await renewCertificates.apply(args, context);
  const old = await ca.issue('CN=apiserver', { names: ['m1'] });
  host.put(`${pki}/apiserver.key`, old.key);
  expect(await renewCertificates.check(args, context)).toMatchObject({
    why: /apiserver\.crt does not belong to .*apiserver\.key/,
  });
  await renewCertificates.apply(args, context);
  expect(await renewCertificates.check(args, context)).toMatchObject({ kind: 'satisfied' });
});

test('nothing is touched when what kubeadm made is not good', async () => {
  host.answer(/kubeadm init phase certs front-proxy-client/, '');
  const before = host.text(`${pki}/apiserver.crt`);
  await expect(renewCertificates.apply(args, context)).rejects.toThrow(
    /nothing was touched: .*front-proxy-client\.crt is not there/,
  );
  expect(host.text(`${pki}/apiserver.crt`)).toBe(before);
});

test('renews nothing under an authority that is not the cluster’s', async () => {
  const other = { ...args, caDigest: 'a'.repeat(64) };
  await expect(renewCertificates.apply(other, context)).rejects.toMatchObject({
    code: 'conflict',
  });
  expect(host.changes.filter((line) => line.includes('kubeadm'))).toEqual([]);
});

test('a master that has no super-admin.conf gets none', async () => {
  await host.remove('/etc/kubernetes/super-admin.conf');
  await renewCertificates.apply(args, context);
  expect(host.text('/etc/kubernetes/super-admin.conf')).toBeNull();
  expect(await renewCertificates.check(args, context)).toMatchObject({ kind: 'satisfied' });
});
