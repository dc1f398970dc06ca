// The Store port: typed records with a revision, compare-and-set, range and watch. There is no
// transaction over several records, and there never will be: an atomic decision is one record.
//
// INVARIANTS
// - `put` with the revision that was read is the only way to change a record; a lost race is a
//   `conflict` and the caller reads again and decides again.
// - When `put` returns, the record survives a power cut.
// - A watcher may see the same record twice and must not care.

export interface Stored<T> {
  readonly key: string;
  readonly value: T;
  /** Grows with every change of anything in the store. */
  readonly revision: number;
}

export type PutResult =
  | { readonly kind: 'stored'; readonly revision: number }
  | { readonly kind: 'conflict' };

/** What is other than it was at a revision, read at one moment. */
export interface Changes {
  /** The records made or changed since, as they are now, oldest change first. */
  readonly records: readonly Stored<unknown>[];
  /** Keys of records that went since and were not made again. Nothing when `isComplete`. */
  readonly deleted: readonly string[];
  /** What to ask `after` next time. */
  readonly revision: number;
  /**
   * True when `records` is all there is, so that whatever else the reader holds is gone: it asked
   * from the beginning, from before the oldest deletion that is remembered, or from ahead of the
   * store (which was put back from a copy).
   */
  readonly isComplete: boolean;
}

export interface Store {
  /** Keys are paths such as `node/0a1b…`; null when there is none. */
  get<T>(key: string): Promise<Stored<T> | null>;
  /** Every record whose key starts with `prefix`, by key. */
  range<T>(prefix: string): Promise<readonly Stored<T>[]>;
  /** `expected` 0: the record must not exist yet. */
  put<T>(key: string, value: T, expected: number): Promise<PutResult>;
  delete(key: string, expected: number): Promise<PutResult>;
  /** The revision of the newest change. */
  revision(): Promise<number>;
  /** For readers that keep what they read: what has not changed costs nothing. */
  changesSince(after: number): Promise<Changes>;
  /** Resolves once the store's revision is above `after`. @throws AbortError */
  changed(after: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Reads, changes and stores one record until no one else came between; `change` is pure. */
export async function update<T>(
  store: Store,
  key: string,
  change: (current: T | null) => T | null,
): Promise<T | null> {
  for (;;) {
    const current = await store.get<T>(key);
    const next = change(current === null ? null : current.value);
    if (next === null) return current === null ? null : current.value;
    const result = await store.put(key, next, current === null ? 0 : current.revision);
    if (result.kind === 'stored') return next;
  }
}
