import 'reflect-metadata';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createUserKey, renderKubeconfig } from '../../../../coordinator/cli/user-kubeconfig.ts';
import { createCaCertificate } from '../../../../coordinator/keys/certificate.ts';

test('the request names the user and the group that is bound to cluster-admin', async () => {
  const { csrPem, keyPem } = await createUserKey('ada');
  const request = new Pkcs10CertificateRequest(csrPem);
  expect(request.subject).toContain('CN=ada');
  expect(request.subject).toContain('O=muster:admins');
  expect(await request.verify()).toBe(true);
  const own = createPublicKey(keyPem).export({ format: 'der', type: 'spki' });
  expect(Buffer.from(request.publicKey.rawData).equals(own)).toBe(true);
});

test('one context per API server, the first is current; a certificate for another key is refused', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyPem = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const issuer = { name: [{ CN: ['ada'] }], key: pair.privateKey };
  const certificatePem = await createCaCertificate(issuer, {
    lifetimeMs: 3_600_000,
    now: 1_800_000_000_000,
  });
  const parts = {
    cluster: 'lab',
    user: 'ada',
    servers: ['https://10.0.0.1:6443', 'https://10.0.0.2:6443'],
    caPem: 'CA',
    certificatePem,
    keyPem,
    current: null,
  };
  const config = parse(renderKubeconfig(parts)) as {
    contexts: { name: string }[];
    'current-context': string;
    clusters: { cluster: object }[];
  };
  expect(config['current-context']).toBe('lab');
  expect(config.contexts.map(({ name }) => name)).toEqual(['lab', 'lab-2']);
  expect(config.clusters[1]?.cluster).toEqual({
    server: 'https://10.0.0.2:6443',
    'certificate-authority-data': 'Q0E=',
  });

  // The first is off: its name stays its own, and another one is current and comes first.
  const away = parse(renderKubeconfig({ ...parts, current: 'https://10.0.0.2:6443' })) as {
    contexts: { name: string; context: { cluster: string } }[];
    clusters: { name: string; cluster: { server: string } }[];
    'current-context': string;
  };
  expect(away['current-context']).toBe('lab-2');
  expect(away.contexts.map(({ name }) => name)).toEqual(['lab-2', 'lab']);
  expect(away.clusters.map(({ name, cluster }) => [name, cluster.server])).toEqual([
    ['lab-2', 'https://10.0.0.2:6443'],
    ['lab', 'https://10.0.0.1:6443'],
  ]);

  const { keyPem: other } = await createUserKey('eve');
  expect(() => renderKubeconfig({ ...parts, keyPem: other })).toThrow(
    'a certificate for another key',
  );
  expect(() => renderKubeconfig({ ...parts, certificatePem: 'x' })).toThrow('not a certificate');
});
