import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readModuleStates } from '../../../../agent/host/kernel-modules.ts';
import { readSwapState } from '../../../../agent/host/swap-state.ts';
import { FakeHost } from '../../../fakes/host.ts';

const names = ['overlay', 'br_netfilter', 'nf_conntrack', 'vxlan', 'ip_vs', 'dummy'];

async function statesOn(host: FakeHost): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(
    await readModuleStates(host.put('/proc/sys/kernel/osrelease', '6.1.0-9-amd64\n'), names),
  );
}

test('a distribution’s kernel: loaded, built in, loadable and missing', async () => {
  const root = '/lib/modules/6.1.0-9-amd64';
  const host = new FakeHost()
    .put('/proc/modules', 'overlay 151552 0 - Live 0x0\n')
    .put('/proc/filesystems', 'nodev\tproc\n')
    .put(`${root}/modules.builtin`, 'kernel/net/netfilter/nf_conntrack.ko\n')
    .put(
      `${root}/modules.dep`,
      'kernel/net/bridge/br_netfilter.ko.xz: kernel/net/bridge/bridge.ko.xz\nkernel/drivers/net/vxlan/vxlan.ko:\n',
    );
  expect(await statesOn(host)).toEqual({
    overlay: 'loaded',
    br_netfilter: 'loadable',
    nf_conntrack: 'builtin',
    vxlan: 'loadable',
    ip_vs: 'missing',
    dummy: 'missing',
  });
});

test('a kernel without modules: what works, and what its configuration says', async () => {
  const host = new FakeHost()
    .put('/proc/filesystems', 'nodev\tproc\nnodev\toverlay\n')
    .put('/proc/sys/net/bridge/bridge-nf-call-iptables', '1\n')
    .put('/sys/module/vxlan/parameters/udp_port', '8472\n')
    .put(
      '/proc/config.gz',
      gzipSync('CONFIG_NF_CONNTRACK=y\nCONFIG_DUMMY=m\n# CONFIG_IP_VS is not set\n'),
    );
  expect(await statesOn(host)).toEqual({
    overlay: 'builtin',
    br_netfilter: 'builtin',
    nf_conntrack: 'builtin',
    vxlan: 'builtin',
    ip_vs: 'missing',
    dummy: 'loadable',
  });
});

test('a host that shows nothing: unknown, and never missing', async () => {
  const states = await statesOn(new FakeHost());
  expect(new Set(Object.values(states))).toEqual(new Set(['unknown']));
});

test('swap is found in its three places, and masked units do not count', async () => {
  const host = new FakeHost()
    .put('/proc/swaps', 'Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n')
    .put('/etc/fstab', '# comment\nUUID=1 / ext4 defaults 0 1\n/swap.img none swap sw 0 0\n')
    .put('/run/systemd/generator/swap.img.swap', '')
    .put('/run/systemd/generator/dev-zram0.swap', '')
    .putLink('/etc/systemd/system/dev-zram0.swap', '');
  expect(await readSwapState(host)).toEqual({
    devices: ['/dev/sda2'],
    fstabLines: ['/swap.img none swap sw 0 0'],
    units: ['swap.img.swap'],
  });
});
