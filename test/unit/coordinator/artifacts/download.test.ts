import { existsSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { download } from '../../../../coordinator/artifacts/download.ts';
import { startFetching } from './fetching.ts';
import { alwaysWhole, cutAfter, cutWhen, status } from './local-site.ts';

const content = Buffer.alloc(300_000, 'abcdefghij');
const maxBytes = 1_000_000;

test('fetches a file whole', async () => {
  await using fetching = await startFetching();
  fetching.site.put('/f', content);
  const path = join(fetching.directory, 'f');
  await download({ url: `${fetching.site.base}/f`, path, maxBytes }, fetching.deps);
  expect((await readFile(path)).equals(content)).toBe(true);
  expect(fetching.waits).toEqual([]);
});

test('goes on where the transfer was cut', async () => {
  await using fetching = await startFetching();
  fetching.site.put('/f', content);
  const path = join(fetching.directory, 'f');
  const has = (bytes: number) => () => existsSync(path) && statSync(path).size >= bytes;
  fetching.site.once('/f', cutWhen(100_000, has(100_000)));
  await download({ url: `${fetching.site.base}/f`, path, maxBytes }, fetching.deps);
  expect((await readFile(path)).equals(content)).toBe(true);
  expect(fetching.site.asked).toEqual(['GET /f', 'GET /f bytes=100000-']);
});

test('goes on with what an earlier run left', async () => {
  await using fetching = await startFetching();
  fetching.site.put('/f', content);
  const path = join(fetching.directory, 'f');
  await writeFile(path, content.subarray(0, 200_000));
  await download({ url: `${fetching.site.base}/f`, path, maxBytes }, fetching.deps);
  expect(fetching.site.asked).toEqual(['GET /f bytes=200000-']);
  expect((await readFile(path)).equals(content)).toBe(true);
});

test('begins anew when the server knows no ranges', async () => {
  await using fetching = await startFetching();
  fetching.site.put('/f', content);
  fetching.site.once('/f', alwaysWhole);
  const path = join(fetching.directory, 'f');
  await writeFile(path, Buffer.alloc(500_000, 'x'));
  await download({ url: `${fetching.site.base}/f`, path, maxBytes }, fetching.deps);
  expect((await readFile(path)).equals(content)).toBe(true);
});

test('begins anew when what is there is longer than the file', async () => {
  await using fetching = await startFetching();
  fetching.site.put('/f', content);
  const path = join(fetching.directory, 'f');
  await writeFile(path, Buffer.alloc(500_000, 'x'));
  await download({ url: `${fetching.site.base}/f`, path, maxBytes }, fetching.deps);
  expect((await readFile(path)).equals(content)).toBe(true);
});

test('a server that is overloaded is asked again, later and later', async () => {
  await using fetching = await startFetching();
  fetching.site.put('/f', content);
  fetching.site.once('/f', status(503), status(503));
  const path = join(fetching.directory, 'f');
  await download({ url: `${fetching.site.base}/f`, path, maxBytes }, fetching.deps);
  expect(fetching.waits).toHaveLength(2);
  expect(fetching.waits[1]).toBeGreaterThan(fetching.waits[0] ?? 0);
});

test('a server that cuts every transfer at once is given up, with the address and the bytes', async () => {
  await using fetching = await startFetching();
  fetching.site.put('/f', content);
  fetching.site.once('/f', ...Array.from({ length: 9 }, () => cutAfter(0)));
  const path = join(fetching.directory, 'f');
  const url = `${fetching.site.base}/f`;
  await expect(download({ url, path, maxBytes }, fetching.deps)).rejects.toMatchObject({
    code: 'artifact',
    message: expect.stringContaining(url),
  });
  expect(fetching.waits).toHaveLength(3);
});

test('what is not there is not asked for twice', async () => {
  await using fetching = await startFetching();
  const url = `${fetching.site.base}/gone`;
  const path = join(fetching.directory, 'f');
  await expect(download({ url, path, maxBytes }, fetching.deps)).rejects.toThrow(
    /gone: answered 404/,
  );
  expect(fetching.site.asked).toEqual(['GET /gone']);
});

test('more bytes than expected are refused before they fill the disk', async () => {
  await using fetching = await startFetching();
  fetching.site.put('/f', content);
  const url = `${fetching.site.base}/f`;
  const path = join(fetching.directory, 'f');
  await expect(download({ url, path, maxBytes: 1000 }, fetching.deps)).rejects.toThrow(
    '300000 bytes, more than the 1000 expected',
  );
});

test('nobody at the address is a failure that names it', async () => {
  await using fetching = await startFetching();
  const url = 'http://127.0.0.1:1/f';
  const path = join(fetching.directory, 'f');
  await expect(download({ url, path, maxBytes }, fetching.deps)).rejects.toThrow(
    /127\.0\.0\.1:1\/f: .+/,
  );
});

test('a stop ends it as an abort, not as a failure', async () => {
  const controller = new AbortController();
  await using fetching = await startFetching(controller.signal);
  fetching.site.once('/f', () => controller.abort());
  const path = join(fetching.directory, 'f');
  const running = download({ url: `${fetching.site.base}/f`, path, maxBytes }, fetching.deps);
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
});
