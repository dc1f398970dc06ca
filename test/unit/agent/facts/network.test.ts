import { expect, test } from 'vitest';
import { dns, hasHost, parseNameservers } from '../../../../agent/facts/dns.ts';
import { addresses, parseRoutes, routes } from '../../../../agent/facts/network.ts';
import { attempt } from '../../../../agent/facts/probe.ts';
import type { AddressFact } from '../../../../shared/model/facts.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

const header =
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';

function address(name: string, text: string, prefix: number): AddressFact {
  return { interface: name, address: text, prefix, family: text.includes(':') ? 'ipv6' : 'ipv4' };
}

const local = [
  address('lo', '127.0.0.1', 8),
  address('eth0', 'fe80::1', 64),
  address('eth0', '172.16.0.9', 16),
  address('eth0', '10.77.2.11', 24),
  address('wlan0', '192.168.1.5', 24),
];

test('the default route of the lowest metric comes first, with the address next to its gateway', () => {
  const text = `${header}eth0\t00024D0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t01024D0A\t0003\t0\t0\t100\t00000000\t0\t0\t0
`;
  expect(parseRoutes(text, local)).toEqual([
    { destination: 'default', gateway: '10.77.2.1', interface: 'eth0', source: '10.77.2.11' },
    { destination: 'default', gateway: '192.168.1.1', interface: 'wlan0', source: '192.168.1.5' },
    { destination: '10.77.2.0/24', gateway: null, interface: 'eth0', source: '10.77.2.11' },
  ]);
});

test.each([
  ['nothing', ''],
  ['a header alone', header],
  ['a route that is down', `${header}eth0\t00000000\t01024D0A\t0002\t0\t0\t0\t00000000\t0\t0\t0`],
  ['a rejecting route', `${header}lo\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0`],
  ['rubbish', 'eth0 zz\n\t\n'],
])('there is no route in %s', (_, text) => {
  expect(parseRoutes(text, local)).toEqual([]);
});

test('a gateway on no network of the host gets the first address of its interface', () => {
  const text = 'eth0\t00000000\t01010101\t0003\t0\t0\t0\t00000000\t0\t0\t0';
  expect(parseRoutes(text, local)[0]?.source).toBe('172.16.0.9');
  expect(parseRoutes(text, [])[0]?.source).toBeNull();
});

test('what belongs to single pods is left out', async () => {
  const sources = fakeSources({
    '/proc/net/route': 'cali1\t0100F40A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0',
  });
  sources.machine.addresses = [...local, address('veth12', 'fe80::2', 64)];
  expect(addresses(sources)).toEqual(local);
  expect(await routes(sources)).toEqual([]);
  expect(await attempt(fakeSources(), 'routes', routes)).toBe('unknown');
});

test.each([
  ['', []],
  ['# nameserver 1.1.1.1\nsearch x\nnameserver\n', []],
  [
    'nameserver 10.0.0.2\n nameserver\t2001:db8::1 # b\nnameserver fe80::1%eth0\n',
    ['10.0.0.2', '2001:db8::1', 'fe80::1%eth0'],
  ],
  ['nameserver not-an-address\n', []],
])('reads the name servers of %j', (text, expected) => {
  expect(parseNameservers(text)).toEqual(expected);
});

test.each([
  ['127.0.1.1 node-1.example node-1\n', true],
  ['127.0.1.1 NODE-1', true],
  ['127.0.0.1 localhost # node-1', false],
  ['#127.0.0.1 node-1', false],
  ['node-1 127.0.0.1', false],
  ['127.0.0.1 node-11', false],
  ['', false],
])('in the hosts file %j node-1 is known: %s', (text, expected) => {
  expect(hasHost(text, 'node-1')).toBe(expected);
});

test('the network is asked for a name that is not in the hosts file', async () => {
  const sources = fakeSources();
  expect(await dns(sources)).toEqual({ nameservers: [], hostnameResolves: false });
  sources.machine.resolvable = ['node-1'];
  expect(await dns(sources)).toEqual({ nameservers: [], hostnameResolves: true });
});
