// Archives as they may come, and as nobody should make them.
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { bytesOf, readTarMembers, type TarRequest } from '../../../shared/tar.ts';

type Entry = readonly [header: Parameters<ReturnType<typeof pack>['entry']>[0], content?: string];

async function archiveOf(...entries: readonly Entry[]): Promise<Buffer> {
  const writer = pack();
  for (const [header, content] of entries) {
    if (content === undefined) writer.entry(header).end(null);
    else writer.entry(header, content);
  }
  writer.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of writer as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts);
}

async function* inPieces(content: Uint8Array, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

async function read(
  content: Uint8Array,
  names: readonly string[],
  change: Partial<TarRequest> = {},
): Promise<Record<string, string>> {
  const taken: Record<string, string> = {};
  await readTarMembers({
    chunks: inPieces(content),
    names: new Set(names),
    maxBytes: 10_000,
    signal: new AbortController().signal,
    onMember: async (member) => {
      taken[member.name] = Buffer.from(await bytesOf(member)).toString('utf8');
    },
    ...change,
  });
  return taken;
}

const artifact = (message: RegExp) =>
  expect.objectContaining({ code: 'artifact', message: expect.stringMatching(message) });

describe('an archive', () => {
  it('gives named members, in pieces of any size, plain or gzipped', async () => {
    const content = await archiveOf(
      [{ name: './a' }, 'x'.repeat(5_000)],
      [{ name: 'empty' }, ''],
      [{ name: 'b' }, 'two'],
      [{ name: 'c' }, 'three'],
    );
    const expected = { a: 'x'.repeat(5_000), empty: '', c: 'three' };
    const names = ['a', 'empty', 'c', 'none'];
    for (const bytes of [content, gzipSync(content)]) {
      expect(await read(bytes, names)).toEqual(expected);
      expect(await read(bytes, names, { chunks: inPieces(bytes, 1) })).toEqual(expected);
    }
  });

  it('may say how big a member is in its own pax header', async () => {
    const content = await archiveOf([
      { name: 'a', pax: { path: `${'deep/'.repeat(60)}a` } },
      'long',
    ]);
    expect(await read(content, [`${'deep/'.repeat(60)}a`])).toEqual({
      [`${'deep/'.repeat(60)}a`]: 'long',
    });
  });

  it.each(['symlink', 'link', 'directory', 'fifo', 'character-device', 'block-device'] as const)(
    'with a %s under a name that is asked for is refused',
    async (type) => {
      const content = await archiveOf(
        [{ name: 'a', type, linkname: '/etc/shadow' }],
        [{ name: 'a' }, 'x'],
      );
      await expect(read(content, ['a'])).rejects.toEqual(
        artifact(/a in the archive is no regular/),
      );
    },
  );

  it('cannot give a name that was not asked for, however it is written', async () => {
    const names = ['../../etc/shadow', '/etc/shadow', 'a/../b', './.././b'];
    const content = await archiveOf(...names.map((name): Entry => [{ name }, 'bad']), [
      { name: 'b' },
      'good',
    ]);
    expect(await read(content, ['b', 'shadow', 'etc/shadow'])).toEqual({ b: 'good' });
  });

  it('gives the first of two members of one name', async () => {
    const content = await archiveOf(
      [{ name: 'a' }, 'first'],
      [{ name: './a' }, 'second'],
      [{ name: 'b' }, 'b'],
    );
    expect(await read(content, ['a', 'b'])).toEqual({ a: 'first', b: 'b' });
  });

  it('with a member that is too big is refused before it is read', async () => {
    const content = await archiveOf([{ name: 'a' }, 'x'.repeat(10_001)]);
    await expect(read(content, ['a'])).rejects.toEqual(
      artifact(/a in the archive has 10001 bytes, more than 10000/),
    );
    expect(await read(content, ['b'])).toEqual({});
  });

  it('that unpacks without end is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    await expect(read(bomb, ['a'], { maxUnpackedBytes: 1024 * 1024 })).rejects.toEqual(
      artifact(/unpacks to more than 1048576 bytes/),
    );
  });

  it('with a header of megabytes is refused, and not kept in memory', async () => {
    const content = await archiveOf([{ name: 'x' }, 'x']);
    const header = Buffer.from(content.subarray(0, 512));
    header.write('x', 156);
    header.write(`${(8 * 1024 ** 3 - 1).toString(8)}\0`.padStart(12, '0'), 124);
    header.write('        ', 148);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const bytes = Buffer.concat([header, Buffer.alloc(6 * 1024 * 1024, '1')]);
    await expect(read(bytes, ['a'])).rejects.toEqual(artifact(/not a readable archive.*max size/));
  });

  it.each([
    ['in the middle of a member', (content: Buffer) => content.subarray(0, 900)],
    ['in the middle of a header', (content: Buffer) => content.subarray(0, 300)],
    ['gzipped, in the middle', (content: Buffer) => gzipSync(content).subarray(0, 60)],
    ['gzipped, without its checksum', (content: Buffer) => gzipSync(content).subarray(0, -8)],
  ])('that is cut off %s is refused', async (_what, cut) => {
    const content = await archiveOf([{ name: 'a' }, 'x'.repeat(2_000)], [{ name: 'b' }, 'b']);
    await expect(read(cut(content), ['a'])).rejects.toEqual(artifact(/not a readable archive/));
  });

  it.each([
    ['letters', Buffer.from('hello'.repeat(1000))],
    ['a wrong checksum', Buffer.concat([Buffer.alloc(512, 'a'), Buffer.alloc(1024)])],
  ])('of %s is none', async (_what, content) => {
    await expect(read(content, ['a'])).rejects.toEqual(artifact(/not a readable archive/));
  });

  it('ends with what takes its members, and with a stop', async () => {
    const content = await archiveOf([{ name: 'a' }, 'x'.repeat(5_000)], [{ name: 'b' }, 'b']);
    const onMember = async (): Promise<void> => {
      throw new Error('no space');
    };
    await expect(read(content, ['a', 'b'], { onMember })).rejects.toThrow(/no space/);
    const stop = new AbortController();
    const stopped = read(content, ['a', 'b'], {
      signal: stop.signal,
      onMember: async (member) => {
        stop.abort();
        await text(member.content);
      },
    });
    await expect(stopped).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});
