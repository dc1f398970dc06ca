import { expect, test } from 'vitest';
import { attempt } from '../../../../agent/facts/probe.ts';
import { apparmor, firewall, selinux } from '../../../../agent/facts/security.ts';
import { sysctls } from '../../../../agent/facts/sysctls.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

function withPrograms(names: readonly string[]) {
  const sources = fakeSources();
  for (const name of names) sources.host.put(`/usr/sbin/${name}`, '', 0o755);
  return sources;
}

test('no process is started on a host without firewall programs', async () => {
  const sources = fakeSources();
  expect(await firewall(sources)).toEqual({ active: [] });
  expect(sources.host.lines).toEqual([]);
});

test.each([
  ['both active', 'active\nactive\n', 'ENABLED=yes', ['firewalld', 'ufw']],
  ['one stopped', 'inactive\nactive\n', 'ENABLED=yes', ['ufw']],
  [
    'ufw running but never enabled',
    'active\nactive\n',
    '# ENABLED=yes\nENABLED=no\n',
    ['firewalld'],
  ],
  ['ufw without a configuration', 'unknown\nactive\n', null, ['ufw']],
])('the firewalls of a host with %s', async (_, states, config, active) => {
  const sources = withPrograms(['firewalld', 'ufw']);
  if (config !== null) sources.host.put('/etc/ufw/ufw.conf', config);
  sources.host.answer('systemctl is-active', { stdout: states, exitCode: 3 });
  expect(await firewall(sources)).toEqual({ active });
  expect(sources.host.lines).toEqual(['read: systemctl is-active firewalld.service ufw.service']);
});

test('a systemd that does not answer leaves the firewall unknown', async () => {
  const sources = withPrograms(['ufw']);
  sources.host.answer('systemctl', { stderr: 'Failed to connect to bus', exitCode: 1 });
  expect(await attempt(sources, 'firewall', firewall)).toBe('unknown');
});

test.each([
  ['1', 'enforcing'],
  ['0\n', 'permissive'],
  [null, 'disabled'],
])('an enforce file of %j is SELinux %s', async (text, expected) => {
  const sources = fakeSources(text === null ? {} : { '/sys/fs/selinux/enforce': text });
  expect(await selinux(sources)).toBe(expected);
});

test.each([
  ['Y\n', true],
  ['N\n', false],
  [null, false],
])('an apparmor parameter of %j is %s', async (text, expected) => {
  const path = '/sys/module/apparmor/parameters/enabled';
  expect(await apparmor(fakeSources(text === null ? {} : { [path]: text }))).toBe(expected);
});

test('sysctls that the kernel lacks are left out', async () => {
  const sources = fakeSources({
    '/proc/sys/net/ipv4/ip_forward': '1\n',
    '/proc/sys/net/bridge/bridge-nf-call-iptables': '0\n',
  });
  expect(await sysctls(sources)).toEqual({
    'net.ipv4.ip_forward': '1',
    'net.bridge.bridge-nf-call-iptables': '0',
  });
  expect(await attempt(fakeSources(), 'sysctls', sysctls)).toBe('unknown');
});
