import { expect, test } from 'vitest';
import { cgroup } from '../../../../agent/facts/cgroup.ts';
import { attempt } from '../../../../agent/facts/probe.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

const hybrid = {
  '/proc/cgroups': `#subsys_name\thierarchy\tnum_cgroups\tenabled
cpuset\t3\t95\t1
cpu\t1\t95\t1
cpuacct\t1\t95\t1
memory\t0\t1\t0
pids\t8\t95\t1
net_cls\t0\t205\t1
`,
  '/proc/self/mountinfo': `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`,
};

test('a unified hierarchy is version 2', async () => {
  const sources = fakeSources({
    ...hybrid,
    '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n',
  });
  const controllers = ['cpuset', 'cpu', 'io', 'memory', 'pids'];
  expect(await cgroup(sources)).toEqual({ version: 2, controllers });
});

test('a hybrid hierarchy is version 1 with what is enabled and mounted', async () => {
  const controllers = ['cpuset', 'cpu', 'cpuacct', 'pids'];
  expect(await cgroup(fakeSources(hybrid))).toEqual({ version: 1, controllers });
});

test('a unified hierarchy without controllers is version 2 still', async () => {
  const sources = fakeSources({ '/sys/fs/cgroup/cgroup.controllers': '\n' });
  expect(await cgroup(sources)).toEqual({ version: 2, controllers: [] });
});

test('nothing mounted is unknown', async () => {
  expect(await attempt(fakeSources(), 'cgroup', cgroup)).toBe('unknown');
  const sources = fakeSources({ ...hybrid, '/proc/self/mountinfo': 'rubbish\n\n' });
  expect(await attempt(sources, 'cgroup', cgroup)).toBe('unknown');
});
