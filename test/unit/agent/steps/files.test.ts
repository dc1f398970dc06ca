import { expect, test } from 'vitest';
import { removePath } from '../../../../agent/steps/remove-path.ts';
import { writeFile } from '../../../../agent/steps/write-file.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { fakeContext } from './fake-context.ts';

const args = { path: '/etc/x.conf', content: 'one\n', mode: 0o600 };

test('writes a file that is absent, different or open to others, and else nothing', async () => {
  const host = new FakeHost();
  const context = fakeContext(host);
  expect(await writeFile.check(args, context)).toMatchObject({ why: '/etc/x.conf is not there' });
  await writeFile.apply(args, context);
  expect(await writeFile.check(args, context)).toEqual({ kind: 'satisfied' });
  host.put(args.path, 'two\n', 0o600);
  expect(await writeFile.check(args, context)).toMatchObject({ why: /other content/ });
  host.put(args.path, 'one\n', 0o644);
  expect(await writeFile.check(args, context)).toMatchObject({ why: /mode 0644, not 0600/ });
  host.files.delete(args.path);
  host.putLink(args.path, 'one\n');
  expect(await writeFile.check(args, context)).toMatchObject({ why: /not a regular file/ });
});

test('removes a path once', async () => {
  const host = new FakeHost().put('/var/lib/etcd/member/wal', 'x');
  const context = fakeContext(host);
  expect(await removePath.check({ path: '/var/lib/etcd' }, context)).toMatchObject({
    kind: 'needed',
  });
  await removePath.apply({ path: '/var/lib/etcd' }, context);
  expect(await removePath.check({ path: '/var/lib/etcd' }, context)).toEqual({ kind: 'satisfied' });
});

test.each([
  '/',
  '/etc',
  '/usr/bin',
  '/usr/local/bin',
  '/var/lib',
  '/etc/systemd/system',
  'etc/x',
  '/etc/../x/y',
  '/etc//x',
  '/proc/sys',
])('refuses to remove %s', async (path) => {
  const context = fakeContext(new FakeHost().put('/etc/x', ''));
  await expect(removePath.check({ path }, context)).rejects.toMatchObject({ code: 'invalid' });
  await expect(removePath.apply({ path }, context)).rejects.toMatchObject({ code: 'invalid' });
});

test.each([
  '/etc/kubernetes',
  '/usr/local/bin/kubelet',
  '/etc/systemd/system/etcd.service',
  '/etc/kubernetes/muster-discovery.conf',
])('may remove %s', async (path) => {
  expect(await removePath.check({ path }, fakeContext(new FakeHost()))).toEqual({
    kind: 'satisfied',
  });
});
