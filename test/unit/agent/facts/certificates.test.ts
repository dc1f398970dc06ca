import 'reflect-metadata';
import { X509CertificateGenerator } from '@peculiar/x509';
import { beforeAll, expect, test } from 'vitest';
import { certificates, parseCertificate } from '../../../../agent/facts/certificates.ts';
import { leftovers } from '../../../../agent/facts/leftovers.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

const notAfter = new Date('2031-05-06T07:08:09Z');
const key = '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n';
let pem = '';

beforeAll(async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'O=system:nodes, CN=system:node:a',
    notBefore: new Date('2021-01-01T00:00:00Z'),
    notAfter,
    keys,
    signingAlgorithm: algorithm,
  });
  pem = `${certificate.toString('pem')}\n`;
});

test('reads the certificate of a file that holds its key too', () => {
  expect(parseCertificate('/a.pem', `${key}${pem}`)).toEqual({
    path: '/a.pem',
    subject: 'O=system:nodes, CN=system:node:a',
    notAfterMs: notAfter.getTime(),
  });
});

test('finds certificates at every place, and one broken file costs no other', async () => {
  const sources = fakeSources({
    '/etc/kubernetes/pki/ca.crt': pem,
    '/etc/kubernetes/pki/ca.key': key,
    '/etc/kubernetes/pki/etcd/peer.crt': pem,
    '/etc/kubernetes/pki/broken.crt': 'not a certificate',
    '/etc/kubernetes/pki/empty.crt': '',
    '/etc/etcd/pki/server.crt': pem,
    '/var/lib/kubelet/pki/kubelet-client-current.pem': pem + key,
  });
  const found = await certificates(sources);
  expect(found.map(({ path }) => path)).toEqual([
    '/etc/kubernetes/pki/ca.crt',
    '/etc/kubernetes/pki/etcd/peer.crt',
    '/etc/etcd/pki/server.crt',
    '/var/lib/kubelet/pki/kubelet-client-current.pem',
  ]);
  expect(sources.memory.told.size).toBe(2);
});

test('a fresh host has neither certificates nor leftovers', async () => {
  const sources = fakeSources({ '/etc/kubernetes/manifests/.keep': '' });
  expect(await certificates(sources)).toEqual([]);
  expect(await leftovers(sources)).toEqual([]);
});

test('names what an earlier install left', async () => {
  const sources = fakeSources({
    '/etc/kubernetes/manifests/etcd.yaml': '',
    '/etc/kubernetes/pki/ca.crt': '',
    '/var/lib/etcd/member/snap/db': '',
  });
  expect(await leftovers(sources)).toEqual([
    '/etc/kubernetes/manifests/etcd.yaml',
    '/etc/kubernetes/pki/ca.crt',
    '/var/lib/etcd/member',
  ]);
});
