import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { requestCertificate } from '../../../../agent/steps/request-certificate.ts';
import type { StepArgs } from '../../../../shared/model/step.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { aCertificateAuthority } from './certificate-authority.ts';
import { fakeContext, jumpingClock } from './fake-context.ts';

const args: StepArgs['request-certificate'] = {
  profile: 'etcd-server',
  keyPath: '/etc/etcd/pki/server.key',
  certificatePath: '/etc/etcd/pki/server.crt',
  caPath: '/etc/etcd/pki/ca.crt',
  names: ['10.0.0.11', 'localhost'],
  commonName: 'h1',
};

async function arrange(days = 365) {
  const authority = await aCertificateAuthority();
  const host = new FakeHost();
  const asked: string[] = [];
  const context = fakeContext(host, {
    clock: jumpingClock(Date.now()),
    signCertificate: async (profile, csr) => {
      asked.push(profile);
      return { certificate: await authority.sign(csr, args.names, days), ca: authority.pem };
    },
  });
  return { host, context, asked };
}

test('makes a key that stays, has it certified and is content with the result', async () => {
  const { host, context, asked } = await arrange();
  expect(await requestCertificate.check(args, context)).toMatchObject({ kind: 'needed' });
  await requestCertificate.apply(args, context);
  expect(await requestCertificate.check(args, context)).toEqual({ kind: 'satisfied' });
  expect(host.changes).toEqual([
    'write /etc/etcd/pki/server.key 0600',
    'write /etc/etcd/pki/ca.crt 0644',
    'write /etc/etcd/pki/server.crt 0644',
  ]);
  expect(asked).toEqual(['etcd-server']);
  expect(new X509Certificate(host.text(args.certificatePath) ?? '').subject).toBe('CN=h1');
});

test('keeps the key that is there when the certificate is asked for again', async () => {
  const { host, context } = await arrange();
  await requestCertificate.apply(args, context);
  const key = host.text(args.keyPath);
  host.files.delete(args.certificatePath);
  expect(await requestCertificate.check(args, context)).toMatchObject({
    why: /server\.crt is not there/,
  });
  await requestCertificate.apply(args, context);
  expect(host.text(args.keyPath)).toBe(key);
});

test('asks again for a certificate that lacks a name, or is another’s', async () => {
  const { context } = await arrange();
  await requestCertificate.apply(args, context);
  const more = { ...args, names: [...args.names, 'h1.example'] };
  expect(await requestCertificate.check(more, context)).toMatchObject({
    why: /is not for h1\.example/,
  });
  const renamed = { ...args, commonName: 'h2' };
  expect(await requestCertificate.check(renamed, context)).toMatchObject({ why: /is not for h2/ });
});

test.each([
  ['a long-lived one in its last month', 365, 340, 'needed'],
  ['a long-lived one before that', 365, 330, 'satisfied'],
  ['a short-lived one past its half', 10, 6, 'needed'],
  ['a short-lived one before it', 10, 4, 'satisfied'],
])('%s is judged by its age', async (_what, days, age, kind) => {
  const { context } = await arrange(days);
  await requestCertificate.apply(args, context);
  await context.clock.sleep(age * 24 * 3600_000);
  expect(await requestCertificate.check(args, context)).toMatchObject({ kind });
});

test('notices a key that does not belong to the certificate', async () => {
  const { host, context } = await arrange();
  const other = await arrange();
  await requestCertificate.apply(args, context);
  await requestCertificate.apply(args, other.context);
  host.put(args.keyPath, other.host.text(args.keyPath) ?? '');
  expect(await requestCertificate.check(args, context)).toMatchObject({
    why: /does not belong to/,
  });
  host.put(args.caPath, other.host.text(args.caPath) ?? '');
  host.put(args.certificatePath, 'nonsense');
  expect(await requestCertificate.check(args, context)).toMatchObject({
    why: /holds no certificate/,
  });
});

test('a renewal replaces a certificate that is good, once, and keeps its key', async () => {
  const { host, context, asked } = await arrange();
  await requestCertificate.apply(args, context);
  const [before, key] = [host.text(args.certificatePath), host.text(args.keyPath)];
  const renewal = { ...args, renewal: 'renewal-1' };
  expect(await requestCertificate.check(renewal, context)).toEqual({
    kind: 'needed',
    why: '/etc/etcd/pki/server.crt is to be made anew',
  });
  await requestCertificate.apply(renewal, context);
  expect(await requestCertificate.check(renewal, context)).toEqual({ kind: 'satisfied' });
  expect(host.text(args.certificatePath)).not.toBe(before);
  expect(host.text(args.keyPath)).toBe(key);
  expect(asked).toHaveLength(2);
});

test('a renewal that was cut off before its certificate came asks again', async () => {
  const { context } = await arrange();
  await requestCertificate.apply(args, context);
  const renewal = { ...args, renewal: 'renewal-1' };
  const cut = {
    ...context,
    signCertificate: async () => {
      throw new Error('cut off');
    },
  };
  await expect(requestCertificate.apply(renewal, cut)).rejects.toThrow('cut off');
  expect(await requestCertificate.check(renewal, context)).toMatchObject({ kind: 'needed' });
});
