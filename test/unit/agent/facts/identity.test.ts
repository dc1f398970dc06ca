import { expect, test } from 'vitest';
import {
  bootId,
  machineId,
  operatingSystem,
  parseOsRelease,
  productUuid,
} from '../../../../agent/facts/identity.ts';
import { attempt } from '../../../../agent/facts/probe.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

test.each([
  ['3d1219c7c4c5404aaa1f6d2a48adfda4\n', '3d1219c7c4c5404aaa1f6d2a48adfda4'],
  ['uninitialized\n', 'unknown'],
  ['', 'unknown'],
])('the machine-id file %j gives %s', async (text, expected) => {
  const sources = fakeSources({ '/etc/machine-id': text });
  expect(await attempt(sources, 'machineId', machineId)).toBe(expected);
});

test.each([
  ['C67FB128-18C6-473A-8046-24A6ABCE3938\n', 'c67fb128-18c6-473a-8046-24a6abce3938'],
  ['00000000-0000-0000-0000-000000000000', 'unknown'],
  ['FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', 'unknown'],
  ['Not Settable', 'unknown'],
  ['', 'unknown'],
])('the product uuid %j is told as %s', async (text, expected) => {
  const sources = fakeSources({ '/sys/class/dmi/id/product_uuid': text });
  expect(await attempt(sources, 'productUuid', productUuid)).toBe(expected);
});

test('a machine without these files has no identity', async () => {
  for (const probe of [machineId, productUuid, bootId, operatingSystem]) {
    expect(await attempt<unknown>(fakeSources(), 'identity', probe)).toBe('unknown');
  }
});

test.each([
  [
    'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    { id: 'debian', version: '12', pretty: 'Debian GNU/Linux 12 (bookworm)' },
  ],
  [
    "# c\nNAME='Arch Linux'\nID=arch\nBUILD_ID=rolling\n",
    { id: 'arch', version: '', pretty: 'Arch Linux' },
  ],
  ['ID=debian\nVERSION_CODENAME=sid\n', { id: 'debian', version: 'sid', pretty: 'debian' }],
  ['PRETTY_NAME="a \\"b\\" \\$c"\n', { id: 'linux', version: '', pretty: 'a "b" $c' }],
  ['', { id: 'linux', version: '', pretty: 'linux' }],
  ['=\nID\nnonsense', { id: 'linux', version: '', pretty: 'linux' }],
])('reads os-release %j', (text, expected) => {
  expect(parseOsRelease(text)).toEqual(expected);
});

test('the vendor’s os-release counts when /etc has none', async () => {
  const sources = fakeSources({ '/usr/lib/os-release': 'ID=flatcar\nVERSION_ID=1\n' });
  expect(await operatingSystem(sources)).toMatchObject({ id: 'flatcar' });
});
