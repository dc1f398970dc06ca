import { expect, test } from 'vitest';
import { caDigestOf } from '../../../../agent/steps/ca-digest.ts';
import { checkEtcdRegistry } from '../../../../agent/steps/check-etcd-registry.ts';
import { etcdSnapshot } from '../../../../agent/steps/etcd-snapshot.ts';
import { waitEtcdHealthy } from '../../../../agent/steps/wait-etcd-healthy.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { aCertificateAuthority } from './certificate-authority.ts';
import { fakeContext } from './fake-context.ts';

const credentials = { caPath: '/ca', certificatePath: '/crt', keyPath: '/key' };
const members = [1, 2, 3].map((number) => ({
  name: `h${number}`,
  clientUrl: `https://10.0.0.${number}:2379`,
  peerUrl: `https://10.0.0.${number}:2380`,
}));
const ids = ['11111111111111111111', '9222222222222222222', '8333333333333333333'];

interface FakeEtcd {
  silent: string[];
  leaders: string[];
  learner: boolean;
  alarm: string | null;
  strange: string | null;
}

function arrange() {
  const etcd: FakeEtcd = { silent: [], leaders: [], learner: false, alarm: null, strange: null };
  const host = new FakeHost()
    .answer(/endpoint health/, () => ({
      exitCode: etcd.silent.length > 0 ? 1 : 0,
      stdout: JSON.stringify(
        members.map(({ name, clientUrl }) => ({
          endpoint: clientUrl,
          health: !etcd.silent.includes(name),
          ...(etcd.silent.includes(name) ? { error: 'context deadline exceeded' } : {}),
        })),
      ),
    }))
    .answer(/endpoint status/, () => {
      const entries = members.map(({ clientUrl }, index) => {
        const errors = etcd.alarm === null ? '' : `,"errors":["${etcd.alarm}"]`;
        const leader = etcd.leaders[index] ?? ids[0];
        return `{"Endpoint":"${clientUrl}","Status":{"header":{"member_id":${ids[index]}},"leader":${leader}${errors}}}`;
      });
      return `[${entries.join(',')}]`;
    })
    .answer(/member list/, (argv) => {
      const teller = members.find(({ clientUrl }) => argv[1]?.includes(clientUrl))?.name;
      const told = members.map(({ name, peerUrl }, index) => {
        const learner = etcd.learner && index === 2 ? ',"isLearner":true' : '';
        const shown = etcd.strange === teller && index === 0 ? 'stranger' : name;
        return `{"ID":${ids[index]},"name":"${shown}","peerURLs":["${peerUrl}"]${learner}}`;
      });
      return `{"members":[${told.join(',')}]}`;
    });
  return { etcd, host, context: fakeContext(host) };
}

test('etcd is healthy when all answer, agree and have one leader', async () => {
  const { host, context } = arrange();
  expect(await waitEtcdHealthy.check({ members, credentials }, context)).toEqual({
    kind: 'satisfied',
    note: '3 of 3 etcd members are healthy',
  });
  expect(host.changes).toEqual([]);
  expect(host.lines[0]).toContain('--cacert=/ca --cert=/crt --key=/key endpoint health');
});

test.each<[string, Partial<FakeEtcd>, RegExp]>([
  ['a member is silent', { silent: ['h2'] }, /do not answer.*h2 \(context deadline exceeded\)$/],
  ['two lead', { leaders: [ids[0] ?? '', ids[1] ?? '', ids[0] ?? ''] }, /disagree about who leads/],
  ['nobody leads', { leaders: ['0', '0', '0'] }, /no leader/],
  ['there is a learner', { learner: true }, /knows of a learner/],
  ['a list differs', { strange: 'h3' }, /h3 lists .*stranger.* and not h1=/],
  ['there is an alarm', { alarm: 'memberID:1 alarm:NOSPACE' }, /alarm: memberID:1 alarm:NOSPACE/],
])('etcd is not healthy when %s', async (_what, fault, why) => {
  const { etcd, context } = arrange();
  Object.assign(etcd, fault);
  expect(await waitEtcdHealthy.check({ members, credentials }, context)).toMatchObject({
    kind: 'needed',
    why: expect.stringMatching(why),
  });
});

test('says who is missing while it waits, and how long it waited in vain', async () => {
  const { etcd, context } = arrange();
  etcd.silent = ['h1', 'h3'];
  const work = waitEtcdHealthy.apply({ members, credentials }, context);
  await expect(work).rejects.toMatchObject({ code: 'not-ready', message: /after 59 s.*h1.*h3/ });
  expect(context.said).toHaveLength(1);
  expect(context.said[0]).toMatch(/^waits: etcd members that do not answer.*h1.*h3/);
});

test('does not think that nothing printed is health', async () => {
  const { host, context } = arrange();
  host.answer(/endpoint health/, { exitCode: 1, stderr: 'open /key: no such file' });
  const result = await waitEtcdHealthy.check({ members, credentials }, context);
  expect(result).toMatchObject({ kind: 'needed', why: /h1, h2, h3/ });
});

const registry = {
  endpoints: ['https://10.0.0.1:2379'],
  credentials,
  caPath: '/etc/kubernetes/pki/ca.crt',
};

test('an empty registry is empty', async () => {
  const host = new FakeHost().answer(/get \/registry --prefix/, '\n');
  expect(await checkEtcdRegistry.check(registry, fakeContext(host))).toEqual({
    kind: 'satisfied',
    outputs: { state: 'empty' },
  });
});

async function hostWithRegistry() {
  const kubernetes = await aCertificateAuthority('kubernetes');
  const proxy = await aCertificateAuthority('front-proxy');
  const value = `k8s\0\n\x1crequestheader-client-ca-file\x12\x10${proxy.pem}\n\x0eclient-ca-file\x12\x10${kubernetes.pem}`;
  const host = new FakeHost()
    .answer(/get \/registry --prefix/, '/registry/apiregistration.k8s.io/x\n')
    .answer(/get \/registry\/configmaps/, value);
  return { host, ca: kubernetes.pem };
}

test('a registry of this very cluster is told by its CA', async () => {
  const { host, ca } = await hostWithRegistry();
  host.put(registry.caPath, ca);
  expect(await checkEtcdRegistry.check(registry, fakeContext(host))).toEqual({
    kind: 'satisfied',
    outputs: { state: caDigestOf(ca) },
  });
});

test('refuses a registry of another cluster, and names both CAs', async () => {
  const { host, ca } = await hostWithRegistry();
  const other = (await aCertificateAuthority()).pem;
  host.put(registry.caPath, other);
  const work = checkEtcdRegistry.check(registry, fakeContext(host));
  await expect(work).rejects.toMatchObject({
    code: 'conflict',
    retryable: false,
    message: expect.stringContaining(caDigestOf(ca)),
  });
  await expect(work).rejects.toThrow(caDigestOf(other));
});

test('a registry without a CA yet is asked about again', async () => {
  const { host } = await hostWithRegistry();
  host.answer(/get \/registry\/configmaps/, '');
  const work = checkEtcdRegistry.check(registry, fakeContext(host));
  await expect(work).rejects.toMatchObject({ code: 'not-ready', retryable: true });
});

test('an etcd that does not answer is no empty one', async () => {
  const host = new FakeHost().answer('etcdctl', { exitCode: 1, stderr: 'deadline exceeded' });
  const work = checkEtcdRegistry.check(registry, fakeContext(host));
  await expect(work).rejects.toMatchObject({ code: 'unavailable', retryable: true });
});

const snapshot = {
  path: '/var/lib/snapshots/first.db',
  endpoint: 'https://10.0.0.1:2379',
  credentials,
};

function hostWithEtcdctl(): FakeHost {
  const host = new FakeHost().answer(/endpoint status/, '[]').answer('df', 'Avail\n99999999999\n');
  return host
    .answer(/snapshot save/, (argv) => {
      host.put(argv.at(-1) ?? '', 'snapshot');
      return '';
    })
    .answer('etcdutl snapshot status', ([, , , path = '']) => {
      const isWhole = host.text(path) === 'snapshot';
      return isWhole ? '{"hash":255,"revision":7,"totalKey":3,"totalSize":8}' : { exitCode: 1 };
    });
}

test('verifies a snapshot before it gets its name', async () => {
  const host = hostWithEtcdctl();
  const context = fakeContext(host);
  expect(await etcdSnapshot.check(snapshot, context)).toMatchObject({ kind: 'needed' });
  const outputs = { revision: '7', hash: 'ff', bytes: '8', path: snapshot.path };
  expect(await etcdSnapshot.apply(snapshot, context)).toEqual({ outputs });
  expect(await etcdSnapshot.check(snapshot, context)).toEqual({ kind: 'satisfied', outputs });
  expect(await host.list('/var/lib/snapshots')).toEqual(['first.db']);
});

test('does not keep a snapshot that does not verify', async () => {
  const host = hostWithEtcdctl().answer(/snapshot save/, (argv) => {
    host.put(argv.at(-1) ?? '', 'half');
    return '';
  });
  const work = etcdSnapshot.apply(snapshot, fakeContext(host));
  await expect(work).rejects.toMatchObject({ code: 'exec-failed', message: /does not verify/ });
  expect(host.text(snapshot.path)).toBeNull();
});
