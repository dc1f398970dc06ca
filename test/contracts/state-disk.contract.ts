// What every StateDisk does alike, the machine's and the one in memory. That what was done survives a
// power cut is tried with the one in memory, whose power can be cut.
import { expect, test } from 'vitest';
import type { StateDisk } from '../../agent/state-disk.ts';

export interface DiskUnderTest {
  readonly disk: StateDisk;
  /** An empty folder. */
  readonly root: string;
}

const text = async (disk: StateDisk, path: string): Promise<string | null> =>
  (await disk.read(path))?.toString('utf8') ?? null;

export function stateDiskContract(start: () => Promise<DiskUnderTest>): void {
  test('what is not there is null, and nothing to remove or to move', async () => {
    const { disk, root } = await start();
    expect(await disk.read(`${root}/none`)).toBeNull();
    expect(await disk.list(`${root}/none`)).toBeNull();
    await disk.remove(`${root}/none`);
    await disk.move(`${root}/none`, root);
    await expect(disk.open(`${root}/none`)).rejects.toThrow(/ENOENT/);
    expect(await disk.list(root)).toEqual([]);
  });

  test('makes a folder with those above it, also twice', async () => {
    const { disk, root } = await start();
    await disk.makeDirectory(`${root}/a/b`);
    await disk.makeDirectory(`${root}/a/b`);
    expect(await disk.list(root)).toEqual(['a']);
    expect(await disk.list(`${root}/a/b`)).toEqual([]);
  });

  test('replaces a file and lists names in order', async () => {
    const { disk, root } = await start();
    await disk.replace(`${root}/two`, 'old');
    await disk.replace(`${root}/two`, 'new');
    await disk.replace(`${root}/one`, new Uint8Array([120]));
    expect(await text(disk, `${root}/two`)).toBe('new');
    expect(await text(disk, `${root}/one`)).toBe('x');
    expect(await disk.list(root)).toEqual(['one', 'two']);
    await expect(disk.replace(`${root}/none/x`, '')).rejects.toThrow(/ENOENT/);
  });

  test('writes into a file of zeros, here and there', async () => {
    const { disk, root } = await start();
    await disk.allocate(`${root}/log`, 8);
    expect(await disk.read(`${root}/log`)).toEqual(Buffer.alloc(8));
    await using file = await disk.open(`${root}/log`);
    await file.write(Buffer.from('cd'), 2);
    await file.write(Buffer.from('ab'), 0);
    expect(await text(disk, `${root}/log`)).toBe('abcd\0\0\0\0');
  });

  test('what was read does not change with the file', async () => {
    const { disk, root } = await start();
    await disk.allocate(`${root}/log`, 2);
    const before = await disk.read(`${root}/log`);
    await using file = await disk.open(`${root}/log`);
    await file.write(Buffer.from('ab'), 0);
    expect(before).toEqual(Buffer.alloc(2));
  });

  test('removes a file, and moves a folder with all that is in it', async () => {
    const { disk, root } = await start();
    await disk.makeDirectory(`${root}/journal`);
    await disk.makeDirectory(`${root}/aside`);
    await disk.replace(`${root}/journal/1`, 'one');
    await disk.replace(`${root}/journal/2`, 'two');
    await disk.remove(`${root}/journal/2`);
    await disk.move(`${root}/journal`, `${root}/aside`);
    expect(await disk.list(root)).toEqual(['aside']);
    expect(await disk.list(`${root}/aside/journal`)).toEqual(['1']);
    expect(await text(disk, `${root}/aside/journal/1`)).toBe('one');
  });
}
