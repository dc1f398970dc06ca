import { expect, test } from 'vitest';
import { parseListening, ports } from '../../../../agent/facts/ports.ts';
import { attempt } from '../../../../agent/facts/probe.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

const row = (local: string, state: string, inode: string): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0 0 10 0`;

test.each([
  ['0100007F:094B', '127.0.0.1', 2379],
  ['00000000:192B', '0.0.0.0', 6443],
  ['00000000000000000000000000000000:280A', '::', 10250],
  ['00000000000000000000000001000000:0016', '::1', 22],
  ['0000000000000000FFFF00000100000A:0050', '::ffff:10.0.0.1', 80],
  ['B80D0120000000000000000001000000:0050', '2001:db8::1', 80],
])('%s is %s port %i', (local, address, port) => {
  expect(parseListening(row(local, '0A', '7'))).toEqual([{ port, address, inode: '7' }]);
});

test.each([
  '',
  '  sl  local_address rem_address st',
  row('0100007F:094B', '01', '7'),
  row('zz:1', '0A', '7'),
  '0: 0100007F:094B',
])('nothing listens in %j', (text) => {
  expect(parseListening(text)).toEqual([]);
});

test('names the programs on ports that Kubernetes needs, and walks over them once', async () => {
  const sources = fakeSources({
    '/proc/net/tcp': `${row('0100007F:094B', '0A', '71')}\n${row('00000000:0016', '0A', '72')}`,
    '/proc/net/tcp6': row('00000000000000000000000000000000:280A', '0A', '73'),
  });
  sources.machine.owners.set('71', 'etcd').set('72', 'sshd').set('73', 'kubelet');
  const expected = [
    { port: 22, address: '0.0.0.0', process: null },
    { port: 2379, address: '127.0.0.1', process: 'etcd' },
    { port: 10250, address: '::', process: 'kubelet' },
  ];
  expect(await ports(sources)).toEqual(expected);
  expect(await ports(sources)).toEqual(expected);
  expect(sources.machine.walks).toEqual([['71', '73']]);
});

test('asks again for a port that another socket took', async () => {
  const sources = fakeSources({ '/proc/net/tcp': row('00000000:094B', '0A', '71') });
  sources.machine.owners.set('71', 'etcd').set('90', 'nc');
  await ports(sources);
  sources.host.put('/proc/net/tcp', row('00000000:094B', '0A', '90'));
  expect(await ports(sources)).toEqual([{ port: 2379, address: '0.0.0.0', process: 'nc' }]);
  expect([...sources.memory.socketOwners.keys()]).toEqual(['90']);
});

test('without /proc/net/tcp the ports are unknown', async () => {
  expect(await attempt(fakeSources(), 'ports', ports)).toBe('unknown');
});
