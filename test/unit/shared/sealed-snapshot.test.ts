// A sealed snapshot: what goes in comes out, with the right key and in no other way.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { systemRandom } from '../../../shared/random.ts';
import { fingerprintOf, publicKeyOf } from '../../../shared/recovery-key.ts';
import { openSnapshot } from '../../../shared/sealed-snapshot/open-snapshot.ts';
import { sealSnapshot } from '../../../shared/sealed-snapshot/seal-snapshot.ts';

const mib = 1024 * 1024;

function aKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { pem, publicKey: publicKeyOf(privateKey) };
}
const own = aKey();

async function* pieces(content: Buffer, size = 100_000): AsyncIterable<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

async function seal(
  files: Readonly<Record<string, Buffer>>,
  said: Readonly<Record<string, number>> = {},
): Promise<Buffer> {
  const sealed: Uint8Array[] = [];
  const stream = sealSnapshot({
    cluster: 'lab',
    id: 'first',
    recoveryKey: own.publicKey,
    random: systemRandom,
    files: Object.entries(files).map(([name, content]) => ({
      name,
      bytes: said[name] ?? content.length,
      content: () => pieces(content),
    })),
  });
  for await (const piece of stream) sealed.push(piece);
  return Buffer.concat(sealed);
}

async function open(sealed: Buffer, pem = own.pem): Promise<Record<string, Buffer>> {
  const { files } = await openSnapshot(pieces(sealed, 70_001), pem);
  const opened: Record<string, Buffer> = {};
  for await (const { name, content } of files()) {
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    opened[name] = Buffer.concat(parts);
  }
  return opened;
}

test.each([
  ['empty', 0],
  ['small', 17],
  ['just under a mebibyte with its index', mib - 200],
  ['exactly a mebibyte', mib],
  ['several mebibytes', 3 * mib + 12_345],
])('a snapshot that is %s comes out as it went in', async (_, bytes) => {
  const files = { 'snapshot.db': randomBytes(bytes), 'pki/ca.key': Buffer.from('a key') };
  expect(await open(await seal(files))).toEqual(files);
});

test('the header tells whose it is, and nothing of what is inside', async () => {
  const sealed = await seal({ 'snapshot.db': Buffer.from('the secrets of a cluster') });
  const { header } = await openSnapshot(pieces(sealed), own.pem);
  const key = fingerprintOf(own.publicKey);
  expect(header).toMatchObject({ cluster: 'lab', id: 'first', key });
  expect(sealed.includes('secrets')).toBe(false);
  expect(sealed.includes('snapshot.db')).toBe(false);
});

test('two of the same content have nothing in common but their form', async () => {
  const files = { 'snapshot.db': Buffer.alloc(100_000) };
  const [one, two] = [await seal(files), await seal(files)];
  expect(one.subarray(-50_000).equals(two.subarray(-50_000))).toBe(false);
});

test('another key is refused by its fingerprint', async () => {
  const sealed = await seal({ 'snapshot.db': Buffer.from('x') });
  await expect(open(sealed, aKey().pem)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining(fingerprintOf(own.publicKey)),
  });
});

describe('what is not as it was sealed is refused', () => {
  const files = { 'snapshot.db': randomBytes(2 * mib + 5), 'pki/sa.key': Buffer.from('sa') };

  test.each<[string, (sealed: Buffer) => Buffer]>([
    ['cut off in the middle', (sealed) => sealed.subarray(0, mib)],
    [
      'cut off at the end of a chunk',
      (sealed) => sealed.subarray(0, lengthOfHead(sealed) + mib + 16),
    ],
    ['cut off by its last byte', (sealed) => sealed.subarray(0, -1)],
    ['cut off in its header', (sealed) => sealed.subarray(0, 40)],
    ['with bytes added', (sealed) => Buffer.concat([sealed, Buffer.from('more')])],
    ['with a byte changed', (sealed) => flipped(sealed, sealed.length - 100)],
    ['with its chunks in another order', swapped],
    ['with another name in its header', renamed],
    ['something else', () => Buffer.from('SQLite format 3\0 and so on, and on, and on')],
    ['empty', () => Buffer.alloc(0)],
  ])('%s', async (_, change) => {
    await expect(open(change(await seal(files)))).rejects.toMatchObject({ code: 'invalid' });
  });

  test('wherever a byte is changed', async () => {
    const sealed = await seal({ 'snapshot.db': randomBytes(5_000) });
    for (let at = 0; at < sealed.length; at += 97) {
      const result = open(flipped(sealed, at)).then(
        () => 'opened',
        () => 'refused',
      );
      expect([at, await result]).toEqual([at, 'refused']);
    }
  });
});

test('a file that changes while it is sealed is no snapshot', async () => {
  const work = seal({ 'snapshot.db': Buffer.alloc(500) }, { 'snapshot.db': 501 });
  await expect(work).rejects.toMatchObject({ code: 'conflict', message: /501 bytes.*500/ });
});

const magicBytes = Buffer.from('muster-sealed-snapshot-1\n').length;
const lengthOfHead = (sealed: Buffer): number => magicBytes + 4 + sealed.readUInt32BE(magicBytes);

function flipped(sealed: Buffer, at: number): Buffer {
  const copy = Buffer.from(sealed);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function swapped(sealed: Buffer): Buffer {
  const head = lengthOfHead(sealed);
  const chunk = mib + 16;
  const [one, two] = [0, 1].map((n) => sealed.subarray(head + n * chunk, head + (n + 1) * chunk));
  return Buffer.concat([
    sealed.subarray(0, head),
    two ?? Buffer.alloc(0),
    one ?? Buffer.alloc(0),
    sealed.subarray(head + 2 * chunk),
  ]);
}

function renamed(sealed: Buffer): Buffer {
  const text = sealed.toString('latin1').replace('"cluster":"lab"', '"cluster":"bal"');
  return Buffer.from(text, 'latin1');
}
