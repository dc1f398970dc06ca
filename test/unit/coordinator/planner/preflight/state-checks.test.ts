import { expect, test } from 'vitest';
import type { NodeFacts } from '../../../../../shared/model/facts.ts';
import { aCluster, aNode, aSpec } from '../../../../support/cluster-builders.ts';
import { judged, judgedMaster, judgedWorker, unreadable } from './judged.ts';

test.each([
  ['swap', 'the swap devices', { swap: 'unknown' }],
  ['ports', 'the listening ports', { ports: 'unknown' }],
  ['leftovers', 'what earlier installs left', { leftovers: 'unknown' }],
  ['dns', 'the DNS settings', { dns: 'unknown' }],
  ['firewall', 'the firewall', { firewall: 'unknown' }],
] as const)(
  '%s: warns when the agent could not read it, and never passes it silently',
  (check, what, facts) => {
    expect(judgedMaster(facts)).toEqual([unreadable(check, what)]);
  },
);

const swapOn: Partial<NodeFacts> = {
  swap: { devices: ['/dev/sda2', '/swapfile'], fstabLines: [], units: [] },
};

test('swap: is an error that names the devices', () => {
  expect(judgedWorker(swapOn)).toEqual([
    'w1 error [swap] found swap is on: /dev/sda2, /swapfile, needed no swap; set host.swap: "off" in the spec and Muster turns it off, or run `swapoff -a` and clean /etc/fstab',
  ]);
});

test('swap: is none where the spec has it turned off', () => {
  const cluster = aCluster({ spec: aSpec({ host: { swap: 'off' } }) });
  expect(judgedWorker(swapOn, cluster)).toEqual([]);
});

const listening = (port: number, process: string | null = 'nginx'): Partial<NodeFacts> => ({
  ports: [{ port, address: '*', process }],
});

test.each([10250, 10256, 9443])('ports: %i has to be free on every host', (port) => {
  expect(judgedWorker(listening(port))).toEqual([
    `w1 error [ports] found port ${port} is used by nginx, needed port ${port} free; stop that program; if it is left from an earlier cluster, reset the host first`,
  ]);
  expect(judgedMaster(listening(port))).toHaveLength(1);
});

test.each([6443, 10257, 10259, 2379, 2380])('ports: %i has to be free on masters alone', (port) => {
  expect(judgedMaster(listening(port))).toEqual([
    `m1 error [ports] found port ${port} is used by nginx, needed port ${port} free; stop that program; if it is left from an earlier cluster, reset the host first`,
  ]);
  expect(judgedWorker(listening(port))).toEqual([]);
});

test('ports: a program nobody could name is another program, and other ports are free to use', () => {
  expect(judgedMaster(listening(6443, null))[0]).toContain('port 6443 is used by another program');
  expect(judgedMaster(listening(22, 'sshd'))).toEqual([]);
});

test('leftovers: each is named, with what to do about it', () => {
  expect(judgedMaster({ leftovers: ['/etc/kubernetes/pki', '/var/lib/etcd/member'] })).toEqual([
    'm1 error [leftovers] found /etc/kubernetes/pki exists, needed a host without Kubernetes or etcd; move /etc/kubernetes/pki away after a look at what it is, or use a fresh host',
    'm1 error [leftovers] found /var/lib/etcd/member exists, needed a host without Kubernetes or etcd; move /var/lib/etcd/member away after a look at what it is, or use a fresh host',
  ]);
});

test('clock: 30 s are the most it may be wrong by, either way', () => {
  expect(judgedMaster({ clockSkewMs: 30_000 })).toEqual([]);
  expect(judgedMaster({ clockSkewMs: -30_000 })).toEqual([]);
  expect(judgedMaster({ clockSkewMs: 90_400 })).toEqual([
    'm1 error [clock] found the clock is 90 s behind the coordinator’s, needed at most 30 s apart; set the clock (chronyc makestep, timedatectl set-ntp true)',
  ]);
  expect(judgedMaster({ clockSkewMs: -31_000 })).toEqual([
    'm1 error [clock] found the clock is 31 s ahead of the coordinator’s, needed at most 30 s apart; set the clock (chronyc makestep, timedatectl set-ntp true)',
  ]);
});

test('clock: one that nothing keeps right is warned of', () => {
  expect(judgedMaster({ clock: { synchronized: false, service: null } })).toEqual([
    'm1 warning [clock] found the clock is not synchronized, needed a time service (systemd-timesyncd, chrony); install and start one: certificates and etcd need clocks that agree',
  ]);
});

test('clock: what was not compared yet is not judged here', () => {
  expect(judgedMaster({ clockSkewMs: null, clock: 'unknown' })).toEqual([]);
});

test.each(['Node1', 'node_1', '-node', 'node-', `n${'o'.repeat(63)}`])(
  'hostname: %s is no name for a node',
  (name) => {
    expect(judged([aNode(name, 11)])).toEqual([
      `${name} error [hostname] found host name "${name}", needed lower-case letters, digits, dashes and dots, at most 63; rename the host (hostnamectl set-hostname) and join it again`,
    ]);
  },
);

test.each(['a', 'node-1.example.org', `n${'o'.repeat(62)}`])('hostname: %s is one', (name) => {
  expect(judged([aNode(name, 11)])).toEqual([]);
});

const noAddress =
  'm1 error [address] found no IPv4 address that fits, needed an address on the default route, or the pool’s nodeAddress; set pools[].nodeAddress or hosts.NAME.nodeAddress in the spec';

test('address: a host without one that fits is named, also when its addresses are not known', () => {
  expect(judgedMaster({ addresses: [], routes: [] })).toEqual([noAddress]);
  expect(judgedMaster({ addresses: 'unknown', routes: 'unknown' })).toEqual([noAddress]);
});

test('address: one the spec gives has to be the host’s own', () => {
  const hosts = { m1: { nodeAddress: '192.168.9.11' } };
  expect(judgedMaster({}, aCluster({ spec: aSpec({ hosts }) }))).toEqual([
    'm1 error [address] found 192.168.9.11 is not an address of the host, needed one of its own addresses; correct hosts.m1.nodeAddress in the spec',
  ]);
  const own = { m1: { nodeAddress: '192.168.7.11' } };
  expect(judgedMaster({}, aCluster({ spec: aSpec({ hosts: own }) }))).toEqual([]);
});

test('address: the pool’s interface or range has to have one', () => {
  const pool = (nodeAddress: object) =>
    aCluster({
      spec: aSpec({
        pools: [{ name: 'control-plane', roles: ['etcd', 'control-plane'], size: 3, nodeAddress }],
      }),
    });
  expect(judgedMaster({}, pool({ interface: 'eth0' }))).toEqual([]);
  expect(judgedMaster({}, pool({ range: '192.168.7.0/24' }))).toEqual([]);
  expect(judgedMaster({}, pool({ interface: 'eth1' }))).toEqual([noAddress]);
  expect(judgedMaster({}, pool({ range: '172.16.0.0/12' }))).toEqual([noAddress]);
});

test('dns: warns without a name server and when the host does not know its own name', () => {
  expect(judgedMaster({ dns: { nameservers: [], hostnameResolves: false } })).toEqual([
    'm1 warning [dns] found no name server, needed one in resolv.conf; configure DNS: pods inherit it',
    'm1 warning [dns] found m1 does not resolve on the host, needed its own name resolvable; add it to /etc/hosts',
  ]);
});

test('firewall: each that is active is warned of', () => {
  expect(judgedMaster({ firewall: { active: ['ufw', 'firewalld'] } })).toEqual([
    'm1 warning [firewall] found ufw is active, needed the cluster’s ports open between hosts; open 6443, 2379-2380, 10250 and 8472/udp between the hosts, or stop it',
    'm1 warning [firewall] found firewalld is active, needed the cluster’s ports open between hosts; open 6443, 2379-2380, 10250 and 8472/udp between the hosts, or stop it',
  ]);
});

test('http-proxy: warns of the variables, with the ranges of this cluster', () => {
  expect(judgedMaster({ proxyEnvironment: ['HTTP_PROXY', 'HTTPS_PROXY'] })).toEqual([
    'm1 warning [http-proxy] found HTTP_PROXY, HTTPS_PROXY set for the agent, needed no proxy for 10.200.0.0/16, 10.96.0.0/12 and the hosts; add them to NO_PROXY',
  ]);
});
