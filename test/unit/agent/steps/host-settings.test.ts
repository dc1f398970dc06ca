import { expect, test } from 'vitest';
import { disableSwap } from '../../../../agent/steps/disable-swap.ts';
import { loadKernelModules } from '../../../../agent/steps/load-kernel-modules.ts';
import { setSysctls } from '../../../../agent/steps/set-sysctls.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { stepKinds } from '../../../../shared/model/step-kinds.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { fakeContext, jumpingClock } from './fake-context.ts';

const inContainer = { isContainer: async () => true };
const noSwap = 'Filename\tType\tSize\tUsed\tPriority\n';

test('swap that is off everywhere needs nothing', async () => {
  const host = new FakeHost().put('/proc/swaps', noSwap).put('/etc/fstab', '# /swap none swap\n');
  expect(await disableSwap.check({}, fakeContext(host))).toEqual({ kind: 'satisfied' });
});

test('turns swap off now, in fstab and in units', async () => {
  const host = new FakeHost()
    .put('/proc/swaps', `${noSwap}/dev/sda2 partition 1 0 -2\n`)
    .put('/etc/fstab', 'UUID=1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n')
    .put('/run/systemd/generator/dev-sda2.swap', '')
    .answer('swapoff -a', () => {
      host.put('/proc/swaps', noSwap);
      return '';
    })
    .answer('systemctl mask', () => {
      host.putLink('/etc/systemd/system/dev-sda2.swap', '');
      return '';
    })
    .answer('systemctl daemon-reload', '');
  const context = fakeContext(host);
  const before = await disableSwap.check({}, context);
  expect(before).toMatchObject({
    kind: 'needed',
    why: /swap is on: \/dev\/sda2; \/etc\/fstab has/,
  });
  await disableSwap.apply({}, context);
  expect(host.changes).toEqual([
    'change muster-p1-step-1: swapoff -a',
    'write /etc/fstab 0644',
    'change muster-p1-step-1_2: systemctl mask dev-sda2.swap',
    'change muster-p1-step-1_3: systemctl daemon-reload',
  ]);
  expect(host.text('/etc/fstab')).toContain('# muster: /dev/sda2 none swap sw 0 0\n');
  expect(host.text('/etc/fstab')).toContain('UUID=1 / ext4');
  expect(await disableSwap.check({}, context)).toEqual({ kind: 'satisfied' });
});

test('reports a container’s swap and leaves it on', async () => {
  const host = new FakeHost().put('/proc/swaps', `${noSwap}/dev/sda2 partition 1 0 -2\n`);
  const result = await disableSwap.check({}, fakeContext(host, inContainer));
  expect(result).toMatchObject({ kind: 'satisfied', note: /this is a container/ });
  expect(host.changes).toEqual([]);
});

const modules = {
  modules: ['overlay', 'br_netfilter', 'ip_vs'],
  path: '/etc/modules-load.d/m.conf',
};

function hostWithModules(): FakeHost {
  return new FakeHost()
    .put('/proc/sys/kernel/osrelease', '6.1.0\n')
    .put('/proc/filesystems', 'nodev\tproc\nnodev\toverlay\n')
    .put(
      '/lib/modules/6.1.0/modules.dep',
      'kernel/net/bridge/br_netfilter.ko.xz: x\nkernel/ip_vs.ko: y\n',
    );
}

test('loads the modules that are neither loaded nor built in, and lists all for the next boot', async () => {
  const host = hostWithModules().answer('modprobe -a br_netfilter ip_vs', () => {
    host.put('/proc/modules', 'br_netfilter 1 0 - Live\nip_vs 1 0 - Live\n');
    return '';
  });
  const context = fakeContext(host);
  expect(await loadKernelModules.check(modules, context)).toMatchObject({ kind: 'needed' });
  await loadKernelModules.apply(modules, context);
  expect(host.text(modules.path)).toBe('# Written by muster.\noverlay\nbr_netfilter\nip_vs\n');
  expect(host.changes.at(-1)).toBe('change muster-p1-step-1: modprobe -a br_netfilter ip_vs');
  expect(await loadKernelModules.check(modules, context)).toEqual({ kind: 'satisfied' });
});

test('in a container writes the list and reports what only the machine can load', async () => {
  const host = hostWithModules();
  const context = fakeContext(host, inContainer);
  await loadKernelModules.apply(modules, context);
  expect(await loadKernelModules.check(modules, context)).toMatchObject({
    kind: 'satisfied',
    note: /not loaded: br_netfilter, ip_vs; this is a container/,
  });
  expect(host.changes).toEqual([`write ${modules.path} 0644`]);
});

const sysctls = {
  values: { 'net.ipv4.ip_forward': '1', 'vm.overcommit_memory': '1' },
  path: '/etc/sysctl.d/90-muster.conf',
};

function hostWithSysctls(): FakeHost {
  return new FakeHost()
    .put('/proc/sys/net/ipv4/ip_forward', '0\n')
    .put('/proc/sys/vm/overcommit_memory', '0\n');
}

test('sets the settings that differ, in one command', async () => {
  const host = hostWithSysctls().answer('sysctl -q -w', () => {
    host.put('/proc/sys/net/ipv4/ip_forward', '1\n').put('/proc/sys/vm/overcommit_memory', '1\n');
    return '';
  });
  const context = fakeContext(host);
  await setSysctls.apply(sysctls, context);
  expect(host.changes).toEqual([
    'write /etc/sysctl.d/90-muster.conf 0644',
    'change muster-p1-step-1: sysctl -q -w net.ipv4.ip_forward=1 vm.overcommit_memory=1',
  ]);
  expect(await setSysctls.check(sysctls, context)).toEqual({ kind: 'satisfied' });
});

test('in a container sets only what is the network namespace’s own', async () => {
  const host = hostWithSysctls().answer('sysctl -q -w net.ipv4.ip_forward=1', () => {
    host.put('/proc/sys/net/ipv4/ip_forward', '1\n');
    return '';
  });
  const context = fakeContext(host, inContainer);
  await setSysctls.apply(sysctls, context);
  expect(await setSysctls.check(sysctls, context)).toMatchObject({
    kind: 'satisfied',
    note: /vm\.overcommit_memory is 0, not 1; this is a container/,
  });
});

test('waits for a setting as long as loading its module may take', async () => {
  const name = 'net.bridge.bridge-nf-call-iptables';
  const host = hostWithSysctls();
  const clock = jumpingClock();
  const began = clock.boot();
  const loading: Clock = {
    ...clock,
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal);
      const isLoaded =
        clock.boot() - began > (stepKinds['load-kernel-modules'].timeoutSeconds - 1) * 1000;
      if (isLoaded) host.put(`/proc/sys/${name.replaceAll('.', '/')}`, '1\n');
    },
  };
  const timeoutMs = stepKinds['set-sysctls'].timeoutSeconds * 1000;
  const context = fakeContext(host, { clock: loading, timeoutMs });
  expect(await setSysctls.apply({ ...sysctls, values: { [name]: '1' } }, context)).toEqual({});
});

test('names the setting whose module never came', async () => {
  const host = hostWithSysctls();
  const args = { ...sysctls, values: { 'net.bridge.bridge-nf-call-iptables': '1' } };
  const work = setSysctls.apply(args, fakeContext(host));
  await expect(work).rejects.toMatchObject({
    code: 'not-ready',
    message: /no setting net\.bridge\.bridge-nf-call-iptables/,
  });
});
