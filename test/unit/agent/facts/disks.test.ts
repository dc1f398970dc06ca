import { expect, test } from 'vitest';
import { disks } from '../../../../agent/facts/disks.ts';
import { mountOf, parseMountInfo } from '../../../../agent/facts/mounts.ts';
import { attempt } from '../../../../agent/facts/probe.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

const mountInfo = `23 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
24 23 8:2 / /var/lib rw - xfs /dev/sdb rw
25 24 8:3 / /var/lib/etcd rw - ext4 /dev/sdc rw
26 23 8:4 / /mnt/my\\040disk rw master:1 propagate_from:2 - btrfs /dev/sdd rw
27 25 8:5 / /var/lib/etcd rw - tmpfs none rw
`;

test.each([
  ['/usr/local', 'ext4'],
  ['/var/lib', 'xfs'],
  ['/var/library', 'ext4'],
  ['/var/lib/kubelet/pods', 'xfs'],
  ['/var/lib/etcd', 'tmpfs'],
  ['/mnt/my disk/x', 'btrfs'],
])('%s lies on %s', (path, filesystem) => {
  expect(mountOf(path, parseMountInfo(mountInfo))?.filesystem).toBe(filesystem);
});

test.each(['', '\n', 'a b c - ', '1 2 3'])('there is no mount in %j', (text) => {
  expect(mountOf('/', parseMountInfo(text))).toBeNull();
});

test('a path that is not there is judged by its nearest parent', async () => {
  const sources = fakeSources({ '/proc/self/mountinfo': mountInfo });
  sources.machine.spaces.set('/var/lib', { path: '/var/lib', totalBytes: 9, freeBytes: 5 });
  const found = await disks(sources);
  expect(found.find(({ path }) => path === '/var/lib/kubelet')).toEqual({
    path: '/var/lib/kubelet',
    filesystem: 'xfs',
    totalBytes: 9,
    freeBytes: 5,
  });
  expect(found.find(({ path }) => path === '/usr/local')).toMatchObject({ freeBytes: 50 });
});

test('a link counts where it leads', async () => {
  const sources = fakeSources({ '/proc/self/mountinfo': mountInfo });
  sources.machine.spaces.set('/var/lib/etcd', {
    path: '/mnt/my disk',
    totalBytes: 9,
    freeBytes: 5,
  });
  const found = await disks(sources);
  expect(found.find(({ path }) => path === '/var/lib/etcd')?.filesystem).toBe('btrfs');
});

test('without a mount table the disks are unknown', async () => {
  expect(await attempt(fakeSources(), 'disks', disks)).toBe('unknown');
});
