import { expect, test } from 'vitest';
import { attempt } from '../../../../agent/facts/probe.ts';
import { containerOf, virtualization } from '../../../../agent/facts/virtualization.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

test.each([
  ['systemd-nspawn', { '/run/systemd/container': 'systemd-nspawn\n' }],
  ['lxc', { '/proc/1/environ': 'PATH=/bin\0container=lxc\0' }],
  ['docker', { '/.dockerenv': '' }],
  ['podman', { '/run/.containerenv': '' }],
])('a file shows the container %s, and no program is asked', async (kind, files) => {
  const sources = fakeSources(files as Record<string, string>);
  expect(await virtualization(sources)).toEqual({ kind, container: true });
  expect(sources.host.lines).toEqual([]);
});

test('asks systemd-detect-virt once, also for two probes at a time', async () => {
  const sources = fakeSources({ '/run/systemd/container': '' });
  sources.host.answer('systemd-detect-virt', 'kvm\n');
  const both = await Promise.all([virtualization(sources), virtualization(sources)]);
  expect(both).toEqual([
    { kind: 'kvm', container: false },
    { kind: 'kvm', container: false },
  ]);
  await virtualization(sources);
  expect(sources.host.lines).toEqual(['read: systemd-detect-virt']);
});

test('takes "none" although it comes with exit code 1', async () => {
  const sources = fakeSources();
  sources.host.answer('systemd-detect-virt', { stdout: 'none\n', exitCode: 1 });
  expect(await virtualization(sources)).toEqual({ kind: 'none', container: false });
});

test('a failure is unknown and is not kept', async () => {
  const sources = fakeSources();
  expect(await attempt(sources, 'virtualization', virtualization)).toBe('unknown');
  sources.host.answer('systemd-detect-virt', 'wsl\n');
  expect(await virtualization(sources)).toEqual({ kind: 'wsl', container: true });
});

test.each([
  ['', null],
  ['xcontainer=lxc\0', null],
  ['container=\0', null],
  ['a=b\0container=oci', 'container-other'],
])('the environment %j shows %s', (text, expected) => {
  expect(containerOf(text)).toBe(expected);
});
