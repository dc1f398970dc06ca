import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { openAccepted } from '../../../../agent/plan/accepted.ts';
import { onDisk } from '../../../support/on-disk.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const pair = (sequence: number, epoch = 1) => ({ epoch, sequence, digest: `d${sequence}` });

test('the highest pair of each lane survives', async () => {
  const path = join(await temporaryDirectory(), 'accepted');
  const store = await openAccepted(onDisk.disk, path);
  expect(store.pairs()).toEqual({ host: null, cluster: null });
  await Promise.all([
    store.raise('host', pair(1)),
    store.raise('cluster', pair(7)),
    store.raise('host', pair(2)),
  ]);
  expect((await openAccepted(onDisk.disk, path)).pairs()).toEqual({
    host: pair(2),
    cluster: pair(7),
  });
});

test('a lower pair changes nothing; a higher epoch begins its sequence anew', async () => {
  const path = join(await temporaryDirectory(), 'accepted');
  const store = await openAccepted(onDisk.disk, path);
  await store.raise('host', pair(5));
  await store.raise('host', pair(4));
  expect(store.pairs().host).toEqual(pair(5));
  await store.raise('host', pair(1, 2));
  expect(store.pairs().host).toEqual(pair(1, 2));
});

test('when one slot is torn the other one counts', async () => {
  const path = join(await temporaryDirectory(), 'accepted');
  const store = await openAccepted(onDisk.disk, path);
  for (const sequence of [1, 2, 3]) await store.raise('host', pair(sequence));
  const bytes = await readFile(path);
  const newest = 3 % 2;
  bytes.fill(0x5a, newest * 4096, newest * 4096 + 50);
  await writeFile(path, bytes);
  const again = await openAccepted(onDisk.disk, path);
  expect(again.pairs().host).toEqual(pair(2));
  await again.raise('host', pair(4));
  expect((await openAccepted(onDisk.disk, path)).pairs().host).toEqual(pair(4));
});

test('when both are damaged nothing is guessed', async () => {
  const path = join(await temporaryDirectory(), 'accepted');
  await (await openAccepted(onDisk.disk, path)).raise('host', pair(1));
  await writeFile(path, Buffer.alloc(8192, 0x5a));
  await expect(openAccepted(onDisk.disk, path)).rejects.toMatchObject({ code: 'journal-corrupt' });
});

/** Whole by its checksum. */
function slotOf(content: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(content));
  const slot = Buffer.alloc(4_096);
  slot.writeUInt32LE(body.length, 0);
  slot.writeUInt32LE(crc32(body), 4);
  body.copy(slot, 8);
  return slot;
}

test.each([
  ['no slot', 'x'],
  ['no number', { generation: 'x', pairs: { host: null, cluster: null } }],
  ['no pairs', { generation: 9 }],
  ['a lane less', { generation: 9, pairs: { host: null } }],
  ['a pair that is none', { generation: 9, pairs: { host: { epoch: 1e300 }, cluster: null } }],
])('a slot that holds %s does not count, whatever its checksum says', async (_what, content) => {
  const path = join(await temporaryDirectory(), 'accepted');
  const good = { generation: 1, pairs: { host: pair(3), cluster: null } };
  await writeFile(path, Buffer.concat([slotOf(content), slotOf(good)]));
  expect((await openAccepted(onDisk.disk, path)).pairs().host).toEqual(pair(3));
  await writeFile(path, Buffer.concat([slotOf(content), slotOf(content)]));
  await expect(openAccepted(onDisk.disk, path)).rejects.toMatchObject({ code: 'journal-corrupt' });
});
