// The Store port in memory: same contract, no disk. `disk` outlives a store, so that a test can
// "crash" between any two writes and open what was there.
import { changeSignal } from '../../coordinator/store/change-signal.ts';
import type { PutResult, Store } from '../../coordinator/store/store.ts';

export interface MemoryDisk {
  readonly records: Map<string, { readonly text: string; readonly revision: number }>;
  readonly deletions: Map<string, number>;
  /** The key of every change, in order: that of revision 1 is the first. */
  readonly changed: string[];
  revision: number;
  /** Deletions up to this revision may be forgotten. */
  forgotten: number;
}

export interface MemoryStore extends Store {
  readonly disk: MemoryDisk;
  /** After this many more writes every further one throws, as a killed process would never make it. */
  crashAfter(writes: number): void;
  /** The next put or delete of a key starting with `prefix` loses its race against `rival`. */
  loseRace(prefix: string, rival?: () => void): void;
}

export const memoryDisk = (): MemoryDisk => ({
  records: new Map(),
  deletions: new Map(),
  changed: [],
  revision: 0,
  forgotten: 0,
});

export function memoryStore(
  disk: MemoryDisk = memoryDisk(),
  deletionsRemembered = 10_000,
): MemoryStore {
  const changes = changeSignal(disk.revision);
  let writesLeft = Number.POSITIVE_INFINITY;
  const races: { prefix: string; rival: (() => void) | undefined }[] = [];

  const write = (key: string, expected: number, apply: (revision: number) => void): PutResult => {
    const race = races.findIndex(({ prefix }) => key.startsWith(prefix));
    if (race >= 0) {
      const [lost] = races.splice(race, 1);
      lost?.rival?.();
      return { kind: 'conflict' };
    }
    if ((disk.records.get(key)?.revision ?? 0) !== expected) return { kind: 'conflict' };
    if (writesLeft <= 0) throw new Error('crashed');
    writesLeft -= 1;
    disk.revision += 1;
    disk.changed[disk.revision - 1] = key;
    apply(disk.revision);
    changes.advance(disk.revision);
    return { kind: 'stored', revision: disk.revision };
  };

  return {
    disk,
    crashAfter(writes) {
      writesLeft = writes;
    },
    loseRace(prefix, rival) {
      races.push({ prefix, rival });
    },
    async get<T>(key: string) {
      const entry = disk.records.get(key);
      if (entry === undefined) return null;
      return { key, value: JSON.parse(entry.text) as T, revision: entry.revision };
    },
    async range<T>(prefix: string) {
      return [...disk.records]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { text, revision }]) => ({ key, value: JSON.parse(text) as T, revision }));
    },
    put: async (key, value, expected) =>
      write(key, expected, (revision) => {
        disk.records.set(key, { text: JSON.stringify(value), revision });
        disk.deletions.delete(key);
      }),
    delete: async (key, expected) =>
      write(key, expected, (revision) => {
        disk.records.delete(key);
        disk.deletions.set(key, revision);
        for (const [oldest, at] of disk.deletions) {
          if (disk.deletions.size <= deletionsRemembered) break;
          disk.deletions.delete(oldest);
          disk.forgotten = at;
        }
      }),
    revision: async () => disk.revision,
    async changesSince(after) {
      const isComplete = after === 0 || after < disk.forgotten || after > disk.revision;
      const since = isComplete ? 0 : after;
      const records = [...disk.records]
        .filter(([, { revision }]) => revision > since)
        .sort(([, a], [, b]) => a.revision - b.revision)
        .map(([key, { text, revision }]) => ({ key, value: JSON.parse(text), revision }));
      const deleted = isComplete ? [] : [...disk.deletions].filter(([, at]) => at > after);
      return { records, deleted: deleted.map(([key]) => key), revision: disk.revision, isComplete };
    },
    changed: (after, signal) => changes.above(after, signal),
    close: async () => {},
  };
}
