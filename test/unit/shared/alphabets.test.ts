import { describe, expect, it, test } from 'vitest';
import { alphabets, checked, isOf, type TextKind } from '../../../shared/alphabets.ts';

const pem = '-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n';

interface Rows {
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

const rows: Readonly<Record<TextKind, Rows>> = {
  address: {
    good: ['10.0.0.1', 'fe80::1', '::ffff:10.0.0.1'],
    bad: ['', 'fe80::1%eth0', '10.0.0.1%\nx', '10.0.0.1/24', '10.0.0', '1'],
  },
  ipv4Address: { good: ['10.0.0.1'], bad: ['::1', '10.0.0.256', '10.0.0.1 ', '010.0.0.1'] },
  zonedAddress: {
    good: ['10.0.0.1', 'fe80::1%eth0.100'],
    bad: ['fe80::1%', 'fe80::1%\n', 'fe80::1%eth0%eth0', 'fe80::1%a b'],
  },
  ipv4Range: {
    good: ['10.200.0.0/16', '0.0.0.0/0'],
    bad: ['10.200.0.0', '10.200.0.0/33', '10.200.0.0/016', '10.0.0.0/8\n', '::/8'],
  },
  interfaceName: {
    good: ['eth0', '__tmp1', 'enp3s0f0np0', 'eth0.100', 'eth0:1', 'br-4f2a', 'wlan0@if3'],
    bad: ['', 'a b', 'a/b', 'a"', '$(x)', 'x'.repeat(33)],
  },
  hostName: { good: ['web-1', 'My_Host.example.org'], bad: ['', '-a', '(none)', 'a b', 'a\n'] },
  nodeName: {
    good: ['w1', 'w-1.example.org'],
    bad: ['W1', 'w_1', 'w..1', 'w.-1', '', 'a'.repeat(64), 'w1\n'],
  },
  planId: {
    good: ['p0123456789ab', 'p1', 'plan-A'],
    bad: ['', '-p', 'p/../x', 'p.1', 'p 1', 'p\n', 'p'.repeat(42)],
  },
  dnsName: { good: ['cluster.local'], bad: ['cluster local', 'A', '.', 'a.', '{{a}}'] },
  certificateName: {
    good: ['api.example', '*.api.example', '192.0.2.1', '::1'],
    bad: ['*', 'a*.b', 'a,b', 'https://a'],
  },
  hostPort: {
    good: ['vip.example:6443', '10.0.0.1:6443'],
    bad: ['vip', 'vip:0', 'vip:65536', 'vip:64:43', 'a b:1', ':1', 'vip:6443;'],
  },
  url: {
    good: [
      'http://a.example/muster',
      'https://10.0.0.1:2379',
      'https://a/b%20c',
      'http://[::1]:80',
    ],
    bad: [
      'ftp://a',
      'https://u:p@a',
      'https://a/b c',
      'https://a/$(b)',
      'https://a/%n',
      'https://',
    ],
  },
  path: {
    good: ['/', '/etc/motd', String.raw`/etc/systemd/system/dev-disk\x2d1.swap`],
    bad: ['', 'etc', '/a/../b', '/a//b', '/a b', '/a%n', '/a;b', String.raw`/a\nb`, '/a/'],
  },
  archiveMember: { good: ['bin/ctr', './bridge'], bad: ['/bin/ctr', '../x', 'a/../../b', 'a b'] },
  unitName: {
    good: ['etcd.service', String.raw`dev-disk-by\x2duuid-1.swap`, 'a@b.service'],
    bad: ['', 'a b.service', 'a/b', 'a\n'],
  },
  version: {
    good: ['v1.37.1', '1.7.24~ds1', '6.8.0-rc3+', '5.15.167.4-microsoft-standard-WSL2'],
    bad: ['', '1 2', '1;2', '-1', '$(x)'],
  },
  osVersion: { good: ['', '12', '24.04 (noble)'], bad: ['1;2', '1\n', '"1"', '%n'] },
  identifier: { good: ['debian', 'fuse.sshfs', 'name_x'], bad: ['', '__proto__', 'a b', 'a/b'] },
  machineId: {
    good: ['', '3f1c0c2f6a6e4d1e9a55f7b3f7f1b0aa', 'machine-w1'],
    bad: ['a b', 'a\nb', '-a', 'a'.repeat(129)],
  },
  variableName: { good: ['https_proxy', '_A'], bad: ['1A', 'A=b', 'A-B', ''] },
  kernelModule: { good: ['br_netfilter', '8021q'], bad: ['a b', 'a.ko', '../a', ''] },
  sysctlName: { good: ['net.ipv4.conf.eth0/1.x', 'vm.swappiness'], bad: ['a b', 'a=b', 'a\n'] },
  sysctlValue: { good: ['1', '4096 87380', '-1', ''], bad: ['1\n2', '%p', '$(x)', '|x'] },
  flagName: { good: ['audit-log-maxage', 'v'], bad: ['--v', 'V', 'a=b', ''] },
  labelName: { good: ['tier', 'example.org/tier'], bad: ['a b', '/a', 'a/', 'a=b', ''] },
  labelValue: { good: ['', 'fast', 'a.b_c-d'], bad: ['a b', '-a', 'a,b', 'a'.repeat(64)] },
  userName: { good: ['ann', 'ann@example.org'], bad: ['', 'ann/root', 'a b', '@a'] },
  operatorName: {
    good: ['ann', 'ann-laptop', 'ci.build', 'a', 'a'.repeat(48)],
    bad: ['', 'Ann', 'root@local', '-a', '.', '..', 'a/b', 'a b', 'a\n', 'añ', 'a'.repeat(49)],
  },
  cordonOwner: {
    good: ['operator', 'r-20260101-1', 'a'],
    bad: ['', 'A', '-a', 'a-', 'a.b', 'a b', 'a\n', 'a'.repeat(41)],
  },
  imageReference: {
    good: ['registry.k8s.io/pause:3.10', 'localhost:5000/a/b', `a.b/c@sha256:${'0'.repeat(64)}`],
    bad: ['pause', 'a.b/c:1 x', 'a.b/c:1;', 'A/b:1', 'a.b/c@sha256:0', 'a.b/c:1\n'],
  },
  sha256: { good: ['a'.repeat(64)], bad: ['A'.repeat(64), 'a'.repeat(63), ''] },
  base64: { good: ['YQ==', 'a-_b'], bad: ['', 'a b', 'a\n', '=a'] },
  bootstrapTokenId: { good: ['abc123'], bad: ['abc12', 'ABC123', 'abc1234', 'abc12\n'] },
  sealContext: { good: ['p0123456789ab/credentials'], bad: ['p', 'p/', 'p/a/b', 'p/a b'] },
  secretName: { good: ['discovery.conf', '/etc/kubernetes/pki/ca.key'], bad: ['', '.', 'a b'] },
  workload: { good: ['deployment/coredns'], bad: ['coredns', 'a/b/c', 'a/B', 'a/b\n'] },
  pem: { good: [pem, pem + pem], bad: ['', 'YQ==', `${pem}$(x)`, pem.replace('YQ', '"')] },
  line: { good: ['', 'any %n "text" of; {one} line'], bad: ['a\nb', 'a\tb', '\u001b', 'a\u202eb'] },
};

describe.each(Object.entries(rows))('%s', (kind, { good, bad }) => {
  it('takes what it is for', () => {
    expect(good.filter((text) => !isOf(kind as TextKind, text))).toEqual([]);
  });

  it('takes nothing else, nothing too long and nothing that goes on in another line', () => {
    expect(bad.filter((text) => isOf(kind as TextKind, text))).toEqual([]);
    const { longest } = alphabets[kind as TextKind];
    const [first = ''] = good;
    expect(isOf(kind as TextKind, first.padEnd(longest + 1, 'a'))).toBe(false);
    if (kind !== 'pem') expect(isOf(kind as TextKind, `${first}\n`)).toBe(false);
    expect(isOf(kind as TextKind, `${first}\nx`)).toBe(false);
  });
});

test('what is refused is named with its place, and shown so that it does nothing to a terminal', () => {
  expect(() => checked('address', '10.0.0.1%\n\u001b[2J\u202e', 'm1: address')).toThrow(
    String.raw`m1: address: "10.0.0.1%\n\u001b[2J\u202e" is not an IP address`,
  );
  expect(checked('address', '10.0.0.1', 'm1: address')).toBe('10.0.0.1');
});
