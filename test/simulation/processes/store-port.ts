// The coordinator's store as one life of it sees it: the records survive, the process may be killed
// right before or right after any commit. Those that read nothing but what was stored stay right.
import type { PutResult, Store } from '../../../coordinator/store/store.ts';
import type { MemoryStore } from '../../fakes/store.ts';
import type { Life } from '../core/life.ts';
import type { World } from '../world/world.ts';

export type CommitMoment = 'before' | 'after';
/** May kill the process. */
export type CommitHook = (moment: CommitMoment, key: string) => void;

const forever = new Promise<never>(() => undefined);

export function storePort(of: {
  readonly inner: MemoryStore;
  readonly life: Life;
  readonly world: World;
  readonly hook: CommitHook;
}): Store {
  const { inner, life, world, hook } = of;
  const alive = async <T>(work: () => Promise<T>): Promise<T> =>
    life.isAlive ? await work() : await forever;
  const commit = async (
    key: string,
    write: () => Promise<PutResult>,
    value: unknown,
  ): Promise<PutResult> => {
    hook('before', key);
    if (!life.isAlive) return await forever;
    const result = await write();
    if (result.kind === 'stored') {
      world.tell({ kind: 'committed', key, value });
      hook('after', key);
    }
    return life.isAlive ? result : await forever;
  };
  return {
    get: (key) => alive(() => inner.get(key)),
    range: (prefix) => alive(() => inner.range(prefix)),
    put: (key, value, expected) =>
      alive(() => commit(key, () => inner.put(key, value, expected), value)),
    delete: (key, expected) => alive(() => commit(key, () => inner.delete(key, expected), null)),
    revision: () => alive(() => inner.revision()),
    changesSince: (after) => alive(() => inner.changesSince(after)),
    changed: (after, signal) => inner.changed(after, signal),
    close: async () => undefined,
  };
}
