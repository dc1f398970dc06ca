import { describe, expect, test } from 'vitest';
import { nodeDisk } from '../../../agent/host/node-disk.ts';
import { stateDiskContract } from '../../contracts/state-disk.contract.ts';
import { FakeDisk } from '../../fakes/state-disk.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

describe('of a machine', () => {
  stateDiskContract(async () => ({ disk: nodeDisk, root: await temporaryDirectory() }));
});

describe('in memory', () => {
  stateDiskContract(async () => {
    const disk = new FakeDisk();
    await disk.makeDirectory('/state');
    return { disk, root: '/state' };
  });
});

describe('a power cut in memory', () => {
  test('leaves what was done, and any part of what was under way', async () => {
    const disk = new FakeDisk();
    await disk.allocate('/log', 8);
    await using file = await disk.open('/log');
    await file.write(Buffer.from('abcd'), 0);
    void file.write(Buffer.from('efgh'), 4);
    void disk.replace('/position', 'new');
    expect(disk.busy).toBe(2);
    const after = disk.cutPower(() => 0.5);
    expect((await after.read('/log'))?.toString()).toBe('abcdef\0\0');
    expect(await after.read('/position')).toBeNull();
  });

  test('a disk without power answers nobody', async () => {
    const disk = new FakeDisk();
    await disk.replace('/a', 'x');
    disk.cutPower(() => 1);
    const answer = disk.read('/a').then(() => 'answered');
    const silence = new Promise((resolve) => setTimeout(() => resolve('silence'), 5));
    expect(await Promise.race([answer, silence])).toBe('silence');
  });

  test('a full disk fails once and is as it was', async () => {
    const disk = new FakeDisk();
    disk.failures.push(new Error('ENOSPC'));
    await expect(disk.replace('/a', 'x')).rejects.toThrow('ENOSPC');
    expect(await disk.list('/')).toEqual([]);
    await disk.replace('/a', 'x');
  });
});
