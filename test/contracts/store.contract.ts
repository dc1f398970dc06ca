// What every Store must do, whatever is behind it. The same suite runs on the embedded store and on
// the one in memory, so that tests on the latter mean something.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Store, update } from '../../coordinator/store/store.ts';

/** How many deletions the store of a harness remembers. */
export const CONTRACT_DELETIONS = 3;

export interface StoreHarness {
  open(): Promise<Store>;
  /** Opens what is there without having closed: as after a kill. */
  reopenAfterKill(store: Store): Promise<Store>;
  dispose(): Promise<void>;
}

interface Counted {
  readonly count: number;
}

const never = new AbortController().signal;

export function storeContract(name: string, createHarness: () => Promise<StoreHarness>): void {
  describe(`the store contract: ${name}`, () => {
    let harness: StoreHarness;
    let store: Store;
    beforeEach(async () => {
      harness = await createHarness();
      store = await harness.open();
    });
    afterEach(async () => {
      await store.close();
      await harness.dispose();
    });

    it('has nothing at first, at revision 0', async () => {
      expect(await store.get('node/a')).toBeNull();
      expect(await store.range('node/')).toEqual([]);
      expect(await store.revision()).toBe(0);
    });

    it('gives back what was put, with the revision of the put', async () => {
      const put = await store.put('node/a', { text: 'ä "quoted" \u0000' }, 0);
      expect(put).toEqual({ kind: 'stored', revision: 1 });
      expect(await store.get('node/a')).toEqual({
        key: 'node/a',
        value: { text: 'ä "quoted" \u0000' },
        revision: 1,
      });
    });

    it('refuses a put that expects no record where there is one', async () => {
      await store.put('node/a', 1, 0);
      expect(await store.put('node/a', 2, 0)).toEqual({ kind: 'conflict' });
      expect((await store.get('node/a'))?.value).toBe(1);
    });

    it('refuses a put and a delete with an old revision, and one for a record that is gone', async () => {
      await store.put('node/a', 1, 0);
      await store.put('node/a', 2, 1);
      expect(await store.put('node/a', 3, 1)).toEqual({ kind: 'conflict' });
      expect(await store.delete('node/a', 1)).toEqual({ kind: 'conflict' });
      await store.delete('node/a', 2);
      expect(await store.put('node/a', 4, 2)).toEqual({ kind: 'conflict' });
      expect(await store.get('node/a')).toBeNull();
    });

    it('counts a delete as a change, and a record made again has a newer revision', async () => {
      await store.put('node/a', 1, 0);
      expect(await store.delete('node/a', 1)).toEqual({ kind: 'stored', revision: 2 });
      expect(await store.revision()).toBe(2);
      expect(await store.put('node/a', 1, 0)).toEqual({ kind: 'stored', revision: 3 });
    });

    it('ranges over a prefix only, by key', async () => {
      for (const key of ['node/b', 'nodes', 'node/a', 'node', 'plan/a', 'node/\u{10000}']) {
        await store.put(key, key, 0);
      }
      const keys = (await store.range('node/')).map((stored) => stored.key);
      expect(keys).toEqual(['node/a', 'node/b', 'node/\u{10000}']);
    });

    it('lets exactly one of many concurrent writers win each revision', async () => {
      await store.put('counter', { count: 0 }, 0);
      const add = (): Promise<Counted | null> =>
        update<Counted>(store, 'counter', (current) => ({ count: (current?.count ?? 0) + 1 }));
      await Promise.all(Array.from({ length: 25 }, add));
      expect((await store.get<Counted>('counter'))?.value).toEqual({ count: 25 });
    });

    it('wakes a watcher at a change, at once when it came before', async () => {
      const waiting = store.changed(0, never);
      await store.put('node/a', 1, 0);
      await waiting;
      await store.changed(0, never);
    });

    it('does not wake a watcher for a conflict', async () => {
      await store.put('node/a', 1, 0);
      const stop = new AbortController();
      const waiting = store.changed(1, stop.signal);
      await store.put('node/a', 2, 0);
      stop.abort();
      await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    });

    it('tells a reader only what changed since, oldest first, each record once', async () => {
      await store.put('node/a', 'one', 0);
      await store.put('node/b', 'one', 0);
      await store.put('plan/c', 'one', 0);
      await store.put('node/a', 'two', 1);
      expect(await store.changesSince(2)).toEqual({
        records: [
          { key: 'plan/c', value: 'one', revision: 3 },
          { key: 'node/a', value: 'two', revision: 4 },
        ],
        deleted: [],
        revision: 4,
        isComplete: false,
      });
      expect(await store.changesSince(4)).toEqual({
        records: [],
        deleted: [],
        revision: 4,
        isComplete: false,
      });
    });

    it('tells which records went, unless they were made again', async () => {
      await store.put('node/a', 1, 0);
      await store.put('node/b', 1, 0);
      await store.delete('node/a', 1);
      await store.delete('node/b', 2);
      await store.put('node/b', 2, 0);
      expect(await store.changesSince(2)).toEqual({
        records: [{ key: 'node/b', value: 2, revision: 5 }],
        deleted: ['node/a'],
        revision: 5,
        isComplete: false,
      });
      expect((await store.changesSince(3)).deleted).toEqual([]);
    });

    it('tells everything there is to a reader from the beginning, and to one from ahead of it', async () => {
      expect(await store.changesSince(0)).toEqual({
        records: [],
        deleted: [],
        revision: 0,
        isComplete: true,
      });
      await store.put('node/b', 1, 0);
      await store.put('node/a', 1, 0);
      await store.delete('node/b', 1);
      const everything = {
        records: [{ key: 'node/a', value: 1, revision: 2 }],
        deleted: [],
        revision: 3,
        isComplete: true,
      };
      expect(await store.changesSince(0)).toEqual(everything);
      expect(await store.changesSince(4)).toEqual(everything);
    });

    it('tells everything to a reader from before the oldest deletion it remembers', async () => {
      const count = CONTRACT_DELETIONS + 1;
      for (let index = 0; index < count; index += 1) await store.put(`plan/${index}`, 1, 0);
      for (let index = 0; index < count; index += 1) await store.delete(`plan/${index}`, index + 1);
      expect(await store.changesSince(count)).toMatchObject({ deleted: [], isComplete: true });
      store = await harness.reopenAfterKill(store);
      expect(await store.changesSince(count)).toMatchObject({ deleted: [], isComplete: true });
      const remembered = ['plan/1', 'plan/2', 'plan/3'];
      expect(await store.changesSince(count + 1)).toMatchObject({
        deleted: remembered,
        isComplete: false,
      });
    });

    it('has every acknowledged write after a kill between any two, and no other', async () => {
      const writes = [
        () => store.put('node/a', 'one', 0),
        () => store.put('token/x', 'spent', 0),
        () => store.put('node/a', 'two', 1),
        () => store.delete('token/x', 2),
      ];
      const seen: unknown[] = [];
      for (const write of writes) {
        await write();
        store = await harness.reopenAfterKill(store);
        const all = [...(await store.range('node/')), ...(await store.range('token/'))];
        seen.push(all.map(({ key, value }) => `${key}=${String(value)}`));
      }
      expect(seen).toEqual([
        ['node/a=one'],
        ['node/a=one', 'token/x=spent'],
        ['node/a=two', 'token/x=spent'],
        ['node/a=two'],
      ]);
      expect(await store.revision()).toBe(4);
    });
  });
}
