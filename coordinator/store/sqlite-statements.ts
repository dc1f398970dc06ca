// The tables of the embedded store and every statement it runs, prepared once.
//
// `deletions` holds the newest keys that went, so that a reader of changes can be told; `forgotten` is
// the revision up to which it is not complete any more.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

export interface Row {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

// A file of version 0.1 has the first two tables alone. It remembers no deletion, so whoever asks from
// before the revision it has now gets everything.
export const schema = `
  CREATE TABLE IF NOT EXISTS records (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS head (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);
  INSERT OR IGNORE INTO head (id, revision) VALUES (1, 0);
  CREATE INDEX IF NOT EXISTS records_by_revision ON records (revision);
  CREATE TABLE IF NOT EXISTS deletions (
    key TEXT PRIMARY KEY, revision INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS deletions_by_revision ON deletions (revision);
  CREATE TABLE IF NOT EXISTS forgotten (
    id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL
  );
  INSERT OR IGNORE INTO forgotten (id, revision) SELECT 1, revision FROM head;
`;

export function prepare(database: DatabaseSync) {
  const get = database.prepare('SELECT key, value, revision FROM records WHERE key = ?');
  const range = database.prepare(
    'SELECT key, value, revision FROM records WHERE key >= ? AND key < ? ORDER BY key',
  );
  const changedAfter = database.prepare(
    'SELECT key, value, revision FROM records WHERE revision > ? ORDER BY revision',
  );
  const put = database.prepare(
    'INSERT INTO records (key, value, revision) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision',
  );
  const remove = database.prepare('DELETE FROM records WHERE key = ?');
  const noteDeletion = database.prepare('INSERT INTO deletions (key, revision) VALUES (?, ?)');
  const dropDeletionOf = database.prepare('DELETE FROM deletions WHERE key = ?');
  const deletedAfter = database.prepare(
    'SELECT key FROM deletions WHERE revision > ? ORDER BY revision',
  );
  const newestTooMany = database.prepare(
    'SELECT revision FROM deletions ORDER BY revision DESC LIMIT 1 OFFSET ?',
  );
  const dropDeletionsTo = database.prepare('DELETE FROM deletions WHERE revision <= ?');
  const head = database.prepare('SELECT revision FROM head WHERE id = 1');
  const setHead = database.prepare('UPDATE head SET revision = ? WHERE id = 1');
  const forgotten = database.prepare('SELECT revision FROM forgotten WHERE id = 1');
  const setForgotten = database.prepare('UPDATE forgotten SET revision = ? WHERE id = 1');
  return {
    get: (key: string) => get.get(key) as unknown as Row | undefined,
    range: (prefix: string) => range.all(prefix, `${prefix}\u{10ffff}`) as unknown as Row[],
    changedAfter: (revision: number) => changedAfter.all(revision) as unknown as Row[],
    deletedAfter: (revision: number) => deletedAfter.all(revision).map((row) => String(row['key'])),
    put(key: string, value: string, revision: number): void {
      put.run(key, value, revision);
    },
    remove(key: string, revision: number): void {
      remove.run(key);
      noteDeletion.run(key, revision);
    },
    forgetDeletionOf(key: string): void {
      dropDeletionOf.run(key);
    },
    forgetDeletionsBut(kept: number): void {
      const last = revisionIn(newestTooMany, kept);
      if (last === 0) return;
      dropDeletionsTo.run(last);
      setForgotten.run(last);
    },
    /** Deletions up to this revision may be forgotten. */
    forgotten: () => revisionIn(forgotten),
    head: () => revisionIn(head),
    setHead(revision: number): void {
      setHead.run(revision);
    },
  };
}

const revisionIn = (statement: StatementSync, ...values: number[]): number =>
  Number(statement.get(...values)?.['revision'] ?? 0);
