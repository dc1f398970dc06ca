// What follows a snapshot on its host: older ones go, the new one is sealed and sent; and the
// defragmentation of a member.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { defragmentEtcd } from '../../../../agent/steps/defragment-etcd.ts';
import { etcdSnapshot } from '../../../../agent/steps/etcd-snapshot.ts';
import { pruneSnapshots } from '../../../../agent/steps/prune-snapshots.ts';
import { sealSnapshot } from '../../../../agent/steps/seal-snapshot.ts';
import type { UploadFile } from '../../../../agent/steps/step-runner.ts';
import { uploadSnapshot } from '../../../../agent/steps/upload-snapshot.ts';
import { fingerprintOf, publicKeyOf } from '../../../../shared/recovery-key.ts';
import { openSnapshot } from '../../../../shared/sealed-snapshot/open-snapshot.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { fakeContext } from './fake-context.ts';

const directory = '/var/lib/snapshots';

/** Names in the order they were written, an hour apart. */
function hostWith(...names: readonly string[]): FakeHost {
  const host = new FakeHost();
  for (const name of names) {
    host.nowMs += 3_600_000;
    host.put(`${directory}/${name}`, name);
  }
  return host;
}

describe('of older snapshots', () => {
  test('the newest are kept, whatever they are called', async () => {
    const host = hostWith('b.db', 'a.db', 'd.db', 'c.db');
    const context = fakeContext(host);
    const args = { directory, keep: 2 };
    expect(await pruneSnapshots.check(args, context)).toMatchObject({ kind: 'needed' });
    expect(await pruneSnapshots.apply(args, context)).toMatchObject({ outputs: { kept: 'c d' } });
    expect(await host.list(directory)).toEqual(['c.db', 'd.db']);
    const satisfied = { kind: 'satisfied', outputs: { kept: 'c d' } };
    expect(await pruneSnapshots.check(args, context)).toEqual(satisfied);
  });

  test('the last one is never removed', async () => {
    const host = hostWith('a.db');
    await pruneSnapshots.apply({ directory, keep: 0 }, fakeContext(host));
    expect(await host.list(directory)).toEqual(['a.db']);
  });

  test('what was sealed of others than the newest goes, and so does what was left half done', async () => {
    const host = hostWith('.muster-0123', 'old.db', 'old.db.sealed', 'new.db', 'new.db.sealed');
    await pruneSnapshots.apply({ directory, keep: 8 }, fakeContext(host));
    expect(await host.list(directory)).toEqual(['new.db', 'new.db.sealed', 'old.db']);
  });

  test('what is being written right now is left alone', async () => {
    const host = hostWith('new.db');
    host.nowMs = fakeContext(host).clock.now();
    host.put(`${directory}/.muster-4567`, 'half');
    await pruneSnapshots.apply({ directory, keep: 8 }, fakeContext(host));
    expect(await host.list(directory)).toEqual(['.muster-4567', 'new.db']);
  });
});

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const recoveryKey = publicKeyOf(privateKey);
const keyFiles = ['/etc/kubernetes/pki/ca.key', '/etc/kubernetes/pki/sa.key'];
const sealing = {
  path: `${directory}/first.db`,
  sealedPath: `${directory}/first.db.sealed`,
  cluster: 'lab',
  id: 'first',
  recoveryKey,
  files: keyFiles,
};

function master(): FakeHost {
  const host = hostWith('first.db').answer('df', 'Avail\n99999999999\n');
  for (const path of keyFiles) host.put(path, `content of ${path}`);
  return host;
}

describe('sealing', () => {
  test('puts the snapshot and the keys into one file that only the recovery key opens', async () => {
    const host = master();
    const { outputs } = await sealSnapshot.apply(sealing, fakeContext(host));
    const file = host.files.get(sealing.sealedPath);
    expect(file?.mode).toBe(0o600);
    const content = file?.content ?? Buffer.alloc(0);
    expect(outputs).toEqual({
      sha256: createHash('sha256').update(content).digest('hex'),
      bytes: String(content.length),
      key: fingerprintOf(recoveryKey),
    });
    expect(content.includes('content of')).toBe(false);
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const opened: string[] = [];
    const { files } = await openSnapshot(host.readChunks(sealing.sealedPath), pem);
    for await (const { name, content: parts } of files()) {
      for await (const part of parts) opened.push(`${name}: ${Buffer.from(part).toString()}`);
    }
    expect(opened).toEqual([
      'snapshot.db: first.db',
      'pki/ca.key: content of /etc/kubernetes/pki/ca.key',
      'pki/sa.key: content of /etc/kubernetes/pki/sa.key',
    ]);
  });

  test('of a snapshot without a key that belongs to it is refused: it would restore nothing', async () => {
    const host = master();
    host.files.delete('/etc/kubernetes/pki/sa.key');
    const work = sealSnapshot.apply(sealing, fakeContext(host));
    await expect(work).rejects.toMatchObject({
      code: 'not-found',
      message: /pki\/sa\.key is missing/,
    });
    expect(host.files.has(sealing.sealedPath)).toBe(false);
  });

  test('to something that is no key on the curve is refused', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const other = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const work = sealSnapshot.apply({ ...sealing, recoveryKey: other }, fakeContext(master()));
    await expect(work).rejects.toMatchObject({ code: 'invalid' });
  });

  test('does not fill the disk that etcd lives on', async () => {
    const host = master().answer('df', 'Avail\n1000\n');
    const work = sealSnapshot.apply(sealing, fakeContext(host));
    await expect(work).rejects.toMatchObject({ code: 'not-ready', message: /MiB free/ });
    expect(host.files.has(sealing.sealedPath)).toBe(false);
  });
});

test('a snapshot that would fill the disk is not begun', async () => {
  const host = new FakeHost()
    .answer('etcdctl', '[{"Endpoint":"x","Status":{"header":{"member_id":1},"dbSize":2000000}}]')
    .answer('df', 'Avail\n1000000\n');
  const credentials = { caPath: '/ca', certificatePath: '/crt', keyPath: '/key' };
  const args = { path: `${directory}/a.db`, endpoint: 'https://10.0.0.1:2379', credentials };
  await expect(etcdSnapshot.apply(args, fakeContext(host))).rejects.toThrow(/make room/);
  expect(host.lines.filter((line) => line.includes('snapshot save'))).toEqual([]);
});

describe('sending', () => {
  const args = { id: 'first', path: `${directory}/first.db`, sha256: 'a'.repeat(64), bytes: 8 };

  test('hands over the file that the plan names', async () => {
    const sent: UploadFile[] = [];
    const upload = async (file: UploadFile): Promise<void> => void sent.push(file);
    await uploadSnapshot.apply(args, fakeContext(hostWith('first.db'), { upload }));
    expect(sent).toEqual([{ path: args.path, sha256: args.sha256, bytes: 8 }]);
  });

  test('of a file that is gone or another by now is not begun', async () => {
    const gone = uploadSnapshot.apply(args, fakeContext(new FakeHost()));
    await expect(gone).rejects.toMatchObject({ code: 'conflict', message: /not there/ });
    const other = uploadSnapshot.apply({ ...args, bytes: 9 }, fakeContext(hostWith('first.db')));
    await expect(other).rejects.toMatchObject({ code: 'conflict', message: /has 8 bytes/ });
  });
});

test('defragmenting tells the size before and after, and asks its own member only', async () => {
  let size = 900_000;
  const status = () => `[{"Endpoint":"x","Status":{"header":{"member_id":1},"dbSize":${size}}}]`;
  const host = new FakeHost().answer(/endpoint status/, status).answer(/ defrag$/, () => {
    size = 100_000;
    return '';
  });
  const credentials = { caPath: '/ca', certificatePath: '/crt', keyPath: '/key' };
  const args = { endpoint: 'https://10.0.0.1:2379', credentials };
  const { outputs } = await defragmentEtcd.apply(args, fakeContext(host));
  expect(outputs).toEqual({ before: '900000', after: '100000' });
  expect(host.changes).toEqual([
    expect.stringMatching(/--endpoints=https:\/\/10\.0\.0\.1:2379 .*--command-timeout=60s defrag$/),
  ]);
});
