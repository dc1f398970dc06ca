// The coordinator's store as one life of it sees it: the records survive, the process may be killed
// right before or right after any commit. Those that read nothing but what was stored stay right.
import type { PutResult, Store, Stored } from '../../../coordinator/store/store.ts';
import type { MemoryStore } from '../../fakes/store.ts';
import { forever, type Life } from '../core/life.ts';
import type { World } from '../world/world.ts';

export type CommitMoment = 'before' | 'after';
/** May kill the process. */
export type CommitHook = (moment: CommitMoment, key: string) => void;

/** As it is in the store, read once: nobody changes what a store gave. */
function readOnce(inner: MemoryStore): Pick<Store, 'get' | 'range' | 'changesSince'> {
  const known = new Map<string, Stored<unknown>>();
  const look = (key: string): Stored<unknown> | null => {
    const entry = inner.disk.records.get(key);
    if (entry === undefined) return null;
    const before = known.get(key);
    if (before?.revision === entry.revision) return before;
    const value = JSON.parse(entry.text) as unknown;
    const stored = { key, value, revision: entry.revision };
    known.set(key, stored);
    return stored;
  };
  return {
    get: async <T>(key: string) => look(key) as Stored<T> | null,
    range: async <T>(prefix: string) =>
      [...inner.disk.records.keys()]
        .filter((key) => key.startsWith(prefix))
        .sort()
        .map((key) => look(key) as Stored<T>),
    changesSince: async (after) => {
      const { records, deletions, changed, revision, forgotten } = inner.disk;
      const isComplete = after === 0 || after < forgotten || after > revision;
      const fresh: Stored<unknown>[] = [];
      const deleted: string[] = [];
      for (let at = isComplete ? 1 : after + 1; at <= revision; at += 1) {
        const key = changed[at - 1] as string;
        if (records.get(key)?.revision === at) fresh.push(look(key) as Stored<unknown>);
        else if (!isComplete && deletions.get(key) === at) deleted.push(key);
      }
      return { records: fresh, deleted, revision, isComplete };
    },
  };
}

export function storePort(of: {
  readonly inner: MemoryStore;
  readonly life: Life;
  readonly world: World;
  readonly hook: CommitHook;
  /** Nothing can be written. */
  readonly isFull?: () => boolean;
}): Store {
  const { inner, life, world, hook, isFull = () => false } = of;
  const reads = readOnce(inner);
  const alive = async <T>(work: () => Promise<T>): Promise<T> =>
    life.isAlive ? await work() : await forever();
  const commit = async (
    key: string,
    write: () => Promise<PutResult>,
    value: unknown,
  ): Promise<PutResult> => {
    // As SQLite says it.
    if (isFull()) throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
    hook('before', key);
    if (!life.isAlive) return await forever();
    const result = await write();
    if (result.kind === 'stored') {
      world.tell({ kind: 'committed', key, value });
      hook('after', key);
    }
    return life.isAlive ? result : await forever();
  };
  return {
    get: (key) => alive(() => reads.get(key)),
    range: (prefix) => alive(() => reads.range(prefix)),
    put: (key, value, expected) =>
      alive(() => commit(key, () => inner.put(key, value, expected), value)),
    delete: (key, expected) => alive(() => commit(key, () => inner.delete(key, expected), null)),
    revision: () => alive(() => inner.revision()),
    changesSince: (after) => alive(() => reads.changesSince(after)),
    changed: (after, signal) => inner.changed(after, signal),
    close: async () => undefined,
  };
}
