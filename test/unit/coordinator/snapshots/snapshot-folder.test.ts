// The coordinator's copies of snapshots: pieces in order, one writer, no byte too many, and a disk that
// fills up or fails.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  nodeSnapshotDisk,
  type SnapshotDisk,
} from '../../../../coordinator/snapshots/snapshot-disk.ts';
import {
  createSnapshotFolder,
  type PieceEnd,
  type UploadTarget,
} from '../../../../coordinator/snapshots/snapshot-folder.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const content = randomBytes(10_000);
const target: UploadTarget = {
  cluster: 'lab',
  id: 'first',
  sha256: createHash('sha256').update(content).digest('hex'),
  bytes: content.length,
};

async function arrange(change: Partial<SnapshotDisk> = {}) {
  const directory = await temporaryDirectory();
  const disk = { ...nodeSnapshotDisk, freeBytes: async () => 1e12, ...change };
  const folder = createSnapshotFolder({ directory, disk, clock: Date, log: silentLogger });
  const names = async (): Promise<string[]> => {
    const found = await readdir(join(directory, 'lab')).catch(() => []);
    return found.map((name) => name.replace(/[0-9a-f]{64}/, 'DIGEST')).sort();
  };
  const put = async (start: number, bytes: Buffer, of = target): Promise<PieceEnd> =>
    await folder.take(of, { start, bytes: bytes.length, content: stream(bytes), cancel: () => {} });
  return { directory, folder, names, put };
}

async function* stream(bytes: Buffer, size = 777): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test('a file in pieces becomes the file, under its own name, once it is whole', async () => {
  const { directory, folder, names, put } = await arrange();
  expect(await folder.offset(target)).toBe(0);
  expect(await put(0, content.subarray(0, 4_000))).toEqual({ kind: 'stored', offset: 4_000 });
  expect(await names()).toEqual(['first.DIGEST.partial']);
  expect(await folder.offset(target)).toBe(4_000);
  expect(await put(4_000, content.subarray(4_000))).toEqual({ kind: 'complete' });
  expect(await names()).toEqual(['first.sealed']);
  expect((await readFile(join(directory, 'lab', 'first.sealed'))).equals(content)).toBe(true);
  expect(await folder.offset(target)).toBe(content.length);
});

test('one that is complete is complete when it comes again', async () => {
  const { put } = await arrange();
  await put(0, content);
  expect(await put(0, content.subarray(0, 5))).toEqual({ kind: 'complete' });
});

describe('a piece that does not begin where the file ends is not taken', () => {
  test.each([
    ['that leaves a gap', 5_000],
    ['that begins anew', 0],
    ['that overlaps', 3_999],
  ])('%s', async (_, start) => {
    const { put, folder } = await arrange();
    await put(0, content.subarray(0, 4_000));
    const piece = content.subarray(start, start + 100);
    expect(await put(start, piece)).toEqual({ kind: 'elsewhere', offset: 4_000 });
    expect(await folder.offset(target)).toBe(4_000);
  });
});

test('a piece beyond the size that the plan names is refused before a byte is written', async () => {
  const { put, names } = await arrange();
  expect(await put(0, Buffer.alloc(10_001))).toEqual({ kind: 'too-long' });
  expect(await names()).toEqual([]);
});

test('more bytes than a piece said are not written, and what came of it is thrown away', async () => {
  const { folder, names } = await arrange();
  const lied = { start: 0, bytes: 100, content: stream(content), cancel: () => {} };
  expect(await folder.take(target, lied)).toEqual({ kind: 'too-long' });
  expect(await names()).toEqual([]);
});

test('a file of another digest is thrown away, and can be sent again', async () => {
  const { put, names } = await arrange();
  const other = Buffer.from(content).fill(0, 50, 60);
  const seen = createHash('sha256').update(other).digest('hex');
  expect(await put(0, other)).toEqual({ kind: 'wrong-digest', seen });
  expect(await names()).toEqual([]);
  expect(await put(0, content)).toEqual({ kind: 'complete' });
});

test('what had come when the line broke is kept, and gone on from', async () => {
  const { folder, put } = await arrange();
  const broken = async function* (): AsyncIterable<Uint8Array> {
    yield content.subarray(0, 1_234);
    throw new Error('ECONNRESET');
  };
  const piece = { start: 0, bytes: 5_000, content: broken(), cancel: () => {} };
  await expect(folder.take(target, piece)).rejects.toThrow('ECONNRESET');
  expect(await folder.offset(target)).toBe(1_234);
  expect(await put(1_234, content.subarray(1_234))).toEqual({ kind: 'complete' });
});

test('a newer writer ends an older one of which nothing comes any more', async () => {
  const { folder, put } = await arrange();
  const dead = Promise.withResolvers<never>();
  const began = Promise.withResolvers<void>();
  const silent = async function* (): AsyncIterable<Uint8Array> {
    yield content.subarray(0, 1_000);
    began.resolve();
    await dead.promise;
  };
  const cancel = (): void => dead.reject(new Error('destroyed'));
  const old = folder.take(target, { start: 0, bytes: 9_000, content: silent(), cancel });
  const ended = expect(old).rejects.toThrow('destroyed');
  await began.promise;
  expect(await put(1_000, content.subarray(1_000))).toEqual({ kind: 'complete' });
  await ended;
});

test('of many writers at once none leaves a wrong file', async () => {
  const { folder, put } = await arrange();
  for (let round = 0; round < 50; round += 1) {
    const at = await folder.offset(target);
    if (at === target.bytes) break;
    await Promise.allSettled(
      [at, at, 0, at + 1].map((start) => put(start, content.subarray(start, start + 900))),
    );
  }
  const rest = await folder.offset(target);
  if (rest < target.bytes) await put(rest, content.subarray(rest));
  expect(await put(0, content)).toEqual({ kind: 'complete' });
});

describe('the disk', () => {
  test('keeps what the coordinator itself needs: a file that would not fit beside it is refused', async () => {
    const { put, names } = await arrange({ freeBytes: async () => 1024 ** 3 });
    expect(await put(0, content)).toEqual({ kind: 'no-room', freeBytes: 1024 ** 3 });
    expect(await names()).toEqual([]);
  });

  test('that fills up in the middle gets back what had come, and it can be sent again', async () => {
    let room = 3_000;
    const { names, put } = await arrange({
      openEnd: async (path) => {
        const file = await nodeSnapshotDisk.openEnd(path);
        return {
          ...file,
          write: async (chunk) => {
            room -= chunk.length;
            if (room < 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
            await file.write(chunk);
          },
        };
      },
    });
    expect(await put(0, content)).toMatchObject({ kind: 'no-room' });
    expect(await names()).toEqual([]);
    room = 1e9;
    expect(await put(0, content)).toEqual({ kind: 'complete' });
  });
});

test('only the copies that the cluster’s record names have a place', async () => {
  const { directory, folder, names, put } = await arrange();
  await put(0, content);
  await put(0, content, { ...target, id: 'second' });
  await put(0, content.subarray(0, 10), { ...target, id: 'third' });
  await folder.keepOnly('lab', ['second']);
  expect(await names()).toEqual(['second.sealed', 'third.DIGEST.partial']);
  // Nobody went on with it for more than a day.
  const [partial = ''] = (await readdir(join(directory, 'lab'))).filter((one) => /third/.test(one));
  const dayBefore = Date.now() / 1000 - 25 * 3_600;
  await utimes(join(directory, 'lab', partial), dayBefore, dayBefore);
  await folder.keepOnly('lab', ['second']);
  expect(await names()).toEqual(['second.sealed']);
});

describe('all of it came and the coordinator ended before it was compared:', () => {
  const leftBehind = async (bytes: Buffer) => {
    const { directory, ...rest } = await arrange();
    await mkdir(join(directory, 'lab'), { recursive: true });
    await writeFile(join(directory, 'lab', `first.${target.sha256}.partial`), bytes);
    return rest;
  };

  test('the next look finishes it', async () => {
    const { folder, names } = await leftBehind(content);
    expect(await folder.offset(target)).toBe(content.length);
    expect(await names()).toEqual(['first.sealed']);
  });

  test('the next look throws away what is not it, and it is sent anew', async () => {
    const { folder, names, put } = await leftBehind(Buffer.alloc(content.length));
    expect(await folder.offset(target)).toBe(0);
    expect(await names()).toEqual([]);
    expect(await put(0, content)).toEqual({ kind: 'complete' });
  });

  test('the next piece finishes it', async () => {
    const { names, put } = await leftBehind(content);
    expect(await put(9_000, content.subarray(9_000))).toEqual({ kind: 'complete' });
    expect(await names()).toEqual(['first.sealed']);
  });
});

test('a look while the digest is made waits for it', async () => {
  let compare = (): void => {};
  const started = Promise.withResolvers<void>();
  const { folder, put } = await arrange({
    sha256: async (path) => {
      started.resolve();
      await new Promise<void>((resolve) => {
        compare = resolve;
      });
      return await nodeSnapshotDisk.sha256(path);
    },
  });
  const sent = put(0, content);
  await started.promise;
  const look = folder.offset(target);
  compare();
  expect(await look).toBe(content.length);
  expect(await sent).toEqual({ kind: 'complete' });
});
