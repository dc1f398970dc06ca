// The operator's end of snapshots: the recovery key that is made here, and copies that are opened with it.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ClusterRecord, keys } from '../../../../coordinator/store/records.ts';
import { systemRandom } from '../../../../shared/random.ts';
import { sealSnapshot } from '../../../../shared/sealed-snapshot/seal-snapshot.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { cli } from './cli-world.ts';

let coordinator: TestCoordinator;
let directory: string;
let key: string;
beforeEach(async () => {
  coordinator = await startTestCoordinator();
  directory = await temporaryDirectory();
  key = join(directory, 'recovery.key');
});
afterEach(async () => {
  await coordinator.stop();
});

const run = async (...args: readonly string[]) =>
  await cli(args, { MUSTER_DATA: coordinator.dataDir });

async function publicKey(): Promise<string> {
  const stored = await coordinator.store.get<ClusterRecord>(keys.cluster('lab'));
  return stored?.value.recoveryKey?.publicKey ?? '';
}

describe('a recovery key', () => {
  test('is written for its owner alone, and only its public half goes to the coordinator', async () => {
    const { code, out } = await run('recovery-key', 'create', '--out', key);
    expect([code, out]).toMatchObject([0, expect.stringMatching(/^[0-9a-f]{16}\n$/)]);
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    expect(await readFile(key, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(await publicKey()).toMatch(/^[A-Za-z0-9+/]+=*$/);
  });

  test('is never written over a file that is there, and the coordinator keeps the one it has', async () => {
    await run('recovery-key', 'create', '--out', key);
    const before = [await readFile(key, 'utf8'), await publicKey()];
    const again = await run('recovery-key', 'create', '--out', key, '--replace');
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('cannot be written') });
    const other = await run('recovery-key', 'create', '--out', `${key}.2`);
    expect(other.err).toContain('--replace');
    // Nothing is sealed to it: who found it would take it for the one in use.
    expect(await readdir(directory)).toEqual(['recovery.key']);
    expect([await readFile(key, 'utf8'), await publicKey()]).toEqual(before);
  });
});

describe('a copy', () => {
  const files = { 'snapshot.db': Buffer.alloc(1_500_000, 'x'), 'pki/ca.key': Buffer.from('ca') };

  async function sealed(): Promise<{ readonly copy: string; readonly out: string }> {
    await run('recovery-key', 'create', '--out', key);
    const pieces: Uint8Array[] = [];
    const stream = sealSnapshot({
      cluster: 'lab',
      id: 'first',
      recoveryKey: await publicKey(),
      random: systemRandom,
      files: Object.entries(files).map(([name, content]) => ({
        name,
        bytes: content.length,
        async *content() {
          yield content;
        },
      })),
    });
    for await (const piece of stream) pieces.push(piece);
    const copy = join(directory, 'first.sealed');
    await writeFile(copy, Buffer.concat(pieces));
    return { copy, out: join(directory, 'opened') };
  }

  test('is opened with the key, without a coordinator, for its owner alone', async () => {
    const { copy, out } = await sealed();
    const { code } = await run('etcd', 'snapshot', 'open', copy, '--key', key, '--out', out);
    expect(code).toBe(0);
    for (const [name, content] of Object.entries(files)) {
      expect((await readFile(join(out, name))).equals(content)).toBe(true);
      expect((await stat(join(out, name))).mode & 0o077).toBe(0);
    }
  });

  test('that is damaged leaves nothing behind', async () => {
    const { copy, out } = await sealed();
    const content = await readFile(copy);
    content[content.length - 5] = (content.at(-5) ?? 0) ^ 1;
    await writeFile(copy, content);
    const { code, err } = await run('etcd', 'snapshot', 'open', copy, '--key', key, '--out', out);
    expect(code).toBe(2);
    expect(err).toContain('damaged');
    expect((await readdir(directory)).sort()).toEqual(['first.sealed', 'recovery.key']);
  });

  test('is not opened into a folder that is there', async () => {
    const { copy } = await sealed();
    const open = ['etcd', 'snapshot', 'open', copy, '--key', key, '--out', directory];
    expect(await run(...open)).toMatchObject({ err: expect.stringContaining('there already') });
  });
});

test('the status of a cluster without a key says where its snapshots are not', async () => {
  const { code } = await run('etcd', 'status');
  expect(code).toBe(0);
  expect((await run('recovery-key', 'show')).code).toBe(0);
  expect((await run('etcd', 'snapshot', 'list')).err).toContain('no snapshots');
});
