import { X509Certificate } from 'node:crypto';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { tlsPeek } from '../../../../agent/host/tls-peek.ts';
import { waitCertificatesServed } from '../../../../agent/steps/wait-certificates-served.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { makeKubeCa } from '../../../support/kube-pki.ts';
import { fakeContext } from '../steps/fake-context.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(
  options: TlsOptions,
): Promise<{ readonly port: number; readonly faults: string[] }> {
  const faults: string[] = [];
  const server = createServer(options, (socket) => void socket.on('error', () => undefined));
  server.on('tlsClientError', (fault) => void faults.push(fault.message));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, faults };
}

const signal = new AbortController().signal;

test('tells the certificate that is served, whoever signed it', async () => {
  const ca = await makeKubeCa();
  const pair = await ca.issue('CN=kube-apiserver', { names: ['127.0.0.1'] });
  const { port } = await serve({ cert: pair.certificate, key: pair.key });
  const der = await tlsPeek({ host: '127.0.0.1', port }, signal);
  expect(new X509Certificate(der).toString()).toBe(
    new X509Certificate(pair.certificate).toString(),
  );
});

test('shows its own certificate to who asks for one, so that nobody complains', async () => {
  const ca = await makeKubeCa();
  const pair = await ca.issue('CN=etcd', { names: ['127.0.0.1'] });
  const asks = {
    cert: pair.certificate,
    key: pair.key,
    ca: ca.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  };
  const { port, faults } = await serve(asks);
  const own = { certificate: pair.certificate, key: pair.key };
  const der = await tlsPeek({ host: '127.0.0.1', port, ...own }, signal);
  expect(new X509Certificate(der).subject).toBe('CN=etcd');
  expect(faults).toEqual([]);
});

test('says which port tells nothing', async () => {
  await expect(tlsPeek({ host: '127.0.0.1', port: 1 }, signal)).rejects.toMatchObject({
    message: /127\.0\.0\.1:1 tells no certificate: .*ECONNREFUSED/,
    retryable: true,
  });
});

test('waits until a port serves the certificate of the file, and not one from before', async () => {
  const ca = await makeKubeCa();
  const old = await ca.issue('CN=etcd', { names: ['127.0.0.1'] });
  const fresh = await ca.issue('CN=etcd', { names: ['127.0.0.1'] });
  const { port } = await serve({ cert: old.certificate, key: old.key });
  const host = new FakeHost();
  host.put('/pki/ca.crt', ca.certificate);
  host.put('/pki/server.crt', fresh.certificate);
  host.put('/pki/server.key', fresh.key);
  const context = fakeContext(host, { tlsPeek });
  const args = {
    ports: [
      {
        host: '127.0.0.1',
        port,
        certificatePath: '/pki/server.crt',
        keyPath: '/pki/server.key',
        caPath: '/pki/ca.crt',
      },
    ],
  };
  expect(await waitCertificatesServed.check(args, context)).toMatchObject({
    kind: 'needed',
    why: /serves a certificate that ends on .*, and not the one in \/pki\/server\.crt/,
  });
  servers[0]?.setSecureContext({ cert: fresh.certificate, key: fresh.key });
  expect(await waitCertificatesServed.check(args, context)).toMatchObject({ kind: 'satisfied' });
});
