import { expect, test } from 'vitest';
import { parseFstabSwaps, parseSwaps, swap } from '../../../../agent/facts/swap.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

const header = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';

test.each([
  ['', []],
  [header, []],
  [
    `${header}/dev/sda2 partition 1 0 -2\n/swap\\040file file 1 0 -3\n`,
    ['/dev/sda2', '/swap file'],
  ],
])('reads the devices of %j', (text, expected) => {
  expect(parseSwaps(text)).toEqual(expected);
});

test.each([
  ['', []],
  ['# /dev/sda2 none swap sw 0 0\n  #x y swap', []],
  ['UUID=1 / ext4 defaults 0 1\nUUID=2\tnone\tswap\tsw 0 0\n', ['UUID=2\tnone\tswap\tsw 0 0']],
  ['/swap /home/swap ext4 defaults', []],
])('reads the swap lines of fstab %j', (text, expected) => {
  expect(parseFstabSwaps(text)).toEqual(expected);
});

test('names swap units once and no masked ones', async () => {
  const sources = fakeSources({
    '/run/systemd/generator/dev-sda2.swap': '[Swap]\nWhat=/dev/sda2\n',
    '/etc/systemd/system/dev-sda2.swap': '[Swap]\n',
    '/etc/systemd/system/dev-sdb1.swap': '',
    '/etc/systemd/system/ssh.service': '[Unit]\n',
  });
  expect(await swap(sources)).toEqual({ devices: [], fstabLines: [], units: ['dev-sda2.swap'] });
});
