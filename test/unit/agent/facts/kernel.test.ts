import { describe, expect, test } from 'vitest';
import { kernel, modules, overlayfs } from '../../../../agent/facts/kernel.ts';
import { attempt } from '../../../../agent/facts/probe.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

const release = { '/proc/sys/kernel/osrelease': '6.1.0-9-amd64\n' };
const directory = '/lib/modules/6.1.0-9-amd64';
const noModules = { [`${directory}/modules.builtin`]: '', [`${directory}/modules.dep`]: '' };

async function stateOf(name: string, files: Readonly<Record<string, string>>) {
  const known = await modules(fakeSources({ ...release, ...files }));
  return known.find((entry) => entry.name === name)?.state ?? null;
}

describe('a module is', () => {
  test.each([
    [
      'loaded when /proc/modules lists it',
      'vxlan',
      { '/proc/modules': 'vxlan 12 0 - Live 0x0\n' },
      'loaded',
    ],
    [
      'built in when modules.builtin lists it',
      'nf_tables',
      { ...noModules, [`${directory}/modules.builtin`]: 'kernel/net/netfilter/nf_tables.ko\n' },
      'builtin',
    ],
    [
      'built in when only /sys/module shows it',
      'vxlan',
      { '/sys/module/vxlan/parameters/udp_port': '0' },
      'builtin',
    ],
    [
      'built in when /proc/filesystems has overlay',
      'overlay',
      { '/proc/filesystems': 'nodev\tproc\nnodev\toverlay\n' },
      'builtin',
    ],
    [
      'not overlay because of a file system called xoverlay',
      'overlay',
      { '/proc/filesystems': '\txoverlay\n' },
      null,
    ],
    [
      'built in when the bridge settings are there',
      'br_netfilter',
      { '/proc/sys/net/bridge/bridge-nf-call-iptables': '1' },
      'builtin',
    ],
    [
      'built in when the netfilter settings are there',
      'nf_conntrack',
      { '/proc/sys/net/netfilter/nf_conntrack_max': '1' },
      'builtin',
    ],
    [
      'loadable when modules.dep lists it compressed',
      'br_netfilter',
      {
        [`${directory}/modules.dep`]:
          'kernel/net/bridge/br_netfilter.ko.zst: kernel/net/bridge/bridge.ko.zst\n',
      },
      'loadable',
    ],
    [
      'loadable under a name with a dash',
      'ip_vs_rr',
      { [`${directory}/modules.dep`]: 'kernel/net/ip-vs-rr.ko:\n' },
      'loadable',
    ],
    [
      'not loadable because another one needs it',
      'ip_vs',
      { ...noModules, [`${directory}/modules.dep`]: 'kernel/a.ko: kernel/net/ip_vs.ko\n' },
      'missing',
    ],
    ['missing when both lists are there without it', 'vxlan', noModules, 'missing'],
    [
      'working even when both lists are there without it',
      'overlay',
      { ...noModules, '/proc/filesystems': 'nodev\toverlay\n' },
      'builtin',
    ],
    ['left out when there is no /lib/modules', 'vxlan', { '/proc/modules': '' }, null],
    [
      'left out when one of the lists is not there',
      'vxlan',
      { [`${directory}/modules.dep`]: '' },
      null,
    ],
    [
      'missing when the kernel was built without it and has no modules at all',
      'ip_vs',
      { '/boot/config-6.1.0-9-amd64': 'CONFIG_VXLAN=y\n# CONFIG_IP_VS is not set\n' },
      'missing',
    ],
    ['left out when what lists it is rubbish', 'vxlan', { '/proc/modules': 'rubbish\n\n' }, null],
  ])('%s', async (_, name, files, expected) => {
    expect(await stateOf(name, files as Record<string, string>)).toBe(expected);
  });
});

test('nothing is known of modules without a kernel release', async () => {
  expect(await attempt(fakeSources(), 'modules', modules)).toBe('unknown');
});

test.each([
  ['there', { '/proc/filesystems': 'nodev\toverlay' }, true],
  ['loadable', { [`${directory}/modules.dep`]: 'kernel/fs/overlayfs/overlay.ko.xz:' }, true],
  ['missing', noModules, false],
  ['unknown without evidence', {}, 'unknown'],
])('overlayfs is %s', async (_, files, expected) => {
  const sources = fakeSources({ ...release, ...(files as Record<string, string>) });
  expect(await attempt(sources, 'overlayfs', overlayfs)).toBe(expected);
});

test.each([
  ['/proc/config.gz', 'found'],
  ['/boot/config-6.1.0-9-amd64', 'found'],
  ['/boot/config-5.0.0', 'not-found'],
])('with %s the kernel configuration is %s', async (path, config) => {
  const sources = fakeSources({ ...release, [path]: 'x' });
  expect(await kernel(sources)).toEqual({ release: '6.1.0-9-amd64', config });
});
