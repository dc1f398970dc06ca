import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../../../coordinator/store/sqlite-store.ts';
import type { Store } from '../../../../coordinator/store/store.ts';
import { CONTRACT_DELETIONS, storeContract } from '../../../contracts/store.contract.ts';
import { memoryDisk, memoryStore } from '../../../fakes/store.ts';

storeContract('in memory', async () => {
  const disk = memoryDisk();
  return {
    open: async () => memoryStore(disk, CONTRACT_DELETIONS),
    reopenAfterKill: async () => memoryStore(disk, CONTRACT_DELETIONS),
    dispose: async () => {},
  };
});

storeContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'muster-store-'));
  let generation = 0;
  const path = (): string => join(folder, String(generation), 'store.db');
  const killed: Store[] = [];
  const open = (): Store => openSqliteStore(path(), { deletionsRemembered: CONTRACT_DELETIONS });
  return {
    open: async () => {
      await mkdir(join(folder, '0'), { recursive: true });
      return open();
    },
    // The files as they are on the disk while the old process still has them open.
    reopenAfterKill: async (store) => {
      const from = join(folder, String(generation));
      generation += 1;
      await cp(from, join(folder, String(generation)), { recursive: true });
      killed.push(store);
      return open();
    },
    dispose: async () => {
      for (const store of killed) await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

describe('the embedded store', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-store-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('refuses a second coordinator on the same file, and says what to do', async () => {
    const path = join(folder, 'store.db');
    const first = openSqliteStore(path);
    expect(() => openSqliteStore(path)).toThrow(/another coordinator has .*store\.db open/);
    await first.close();
    await openSqliteStore(path).close();
  });

  it('is free again, with what was acknowledged, after its process was killed', async () => {
    const path = join(folder, 'store.db');
    const module = new URL('../../../../coordinator/store/sqlite-store.ts', import.meta.url).href;
    const program = `
      const { openSqliteStore } = await import(${JSON.stringify(module)});
      const store = openSqliteStore(${JSON.stringify(path)});
      await store.put('node/a', { here: true }, 0);
      process.stdout.write('ready');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
    await once(child.stdout, 'data');
    expect(() => openSqliteStore(path)).toThrow(/another coordinator/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = openSqliteStore(path);
    expect((await store.get('node/a'))?.value).toEqual({ here: true });
    await store.close();
  });

  it('opens a file of version 0.1, and tells everything to whoever read it before', async () => {
    const path = join(folder, 'store.db');
    const old = new DatabaseSync(path);
    old.exec(`
      CREATE TABLE records (
        key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);
      INSERT INTO head (id, revision) VALUES (1, 7);
      INSERT INTO records (key, value, revision) VALUES ('node/a', '1', 4), ('node/b', '2', 7);`);
    old.close();
    const store = openSqliteStore(path);
    const all = ['node/a', 'node/b'];
    const keysSince = async (after: number) =>
      (await store.changesSince(after)).records.map(({ key }) => key);
    expect(await keysSince(5)).toEqual(all);
    expect(await store.changesSince(5)).toMatchObject({ isComplete: true, revision: 7 });
    expect(await keysSince(7)).toEqual([]);
    await store.delete('node/a', 4);
    expect(await store.changesSince(7)).toMatchObject({ deleted: ['node/a'], isComplete: false });
    await store.close();
  });

  it('refuses a file that is not a store', async () => {
    const path = join(folder, 'store.db');
    await writeFile(path, 'this was a store once'.repeat(500));
    expect(() => openSqliteStore(path)).toThrow(/is damaged .*restore it from a backup/);
  });

  it('finds a page that was overwritten, before it serves anything', async () => {
    const path = join(folder, 'store.db');
    const store = openSqliteStore(path);
    for (let index = 0; index < 200; index += 1) {
      await store.put(`node/${String(index)}`, 'x'.repeat(200), 0);
    }
    await store.close();
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(4096, 0xaa), 0, 4096, 4096 * 5);
    await file.close();
    expect(() => openSqliteStore(path)).toThrow(/is damaged/);
  });
});
