import { expect, test } from 'vitest';
import { swap } from '../../../../agent/facts/swap.ts';
import { fakeSources } from '../../../support/fact-sources.ts';

const header = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';

test.each([
  ['', []],
  [header, []],
  [
    `${header}/dev/sda2 partition 1 0 -2\n/swap\\040file file 1 0 -3\n`,
    ['/dev/sda2', '/swap file'],
  ],
])('reads the devices of %j', async (text, devices) => {
  expect(await swap(fakeSources({ '/proc/swaps': text }))).toMatchObject({ devices });
});

test.each([
  ['', []],
  ['# /dev/sda2 none swap sw 0 0\n  #x y swap', []],
  ['UUID=1 / ext4 defaults 0 1\n UUID=2\tnone\tswap\tsw 0 0\n', ['UUID=2\tnone\tswap\tsw 0 0']],
  ['/swap /home/swap ext4 defaults', []],
])('reads the swap lines of fstab %j', async (text, fstabLines) => {
  expect(await swap(fakeSources({ '/etc/fstab': text }))).toMatchObject({ fstabLines });
});

test('names swap units once and no masked ones', async () => {
  const sources = fakeSources({
    '/run/systemd/generator/dev-sda2.swap': '[Swap]\nWhat=/dev/sda2\n',
    '/etc/systemd/system/dev-sda2.swap': '[Swap]\n',
    '/etc/systemd/system/dev-sdb1.swap': '',
    '/run/systemd/generator/dev-sdb1.swap': '[Swap]\nWhat=/dev/sdb1\n',
    '/etc/systemd/system/ssh.service': '[Unit]\n',
  });
  expect(await swap(sources)).toEqual({ devices: [], fstabLines: [], units: ['dev-sda2.swap'] });
});

test('a host without any of it has no swap', async () => {
  expect(await swap(fakeSources())).toEqual({ devices: [], fstabLines: [], units: [] });
});
