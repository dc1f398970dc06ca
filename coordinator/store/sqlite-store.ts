// The store of a single coordinator: SQLite, write-ahead log, synchronous=FULL, so that a `put` that
// returned survives a power cut. The exclusive lock of the file is what refuses a second coordinator
// on the same directory; the kernel drops it when the process dies, however it dies.
import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../shared/errors.ts';
import { changeSignal } from './change-signal.ts';
import type { PutResult, Store, Stored } from './store.ts';

interface Row {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

const schema = `
  CREATE TABLE IF NOT EXISTS records (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS head (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);
  INSERT OR IGNORE INTO head (id, revision) VALUES (1, 0);
`;

/** @throws AppError conflict when another coordinator has it open, `internal` when it is damaged. */
export function openSqliteStore(path: string): Store {
  const database = openDatabase(path);
  const statements = prepare(database);
  const changes = changeSignal(statements.head());
  // Parsing is most of what a turn of the coordinator costs; a revision names a value for good.
  const parsed = new Map<string, { readonly revision: number; readonly value: unknown }>();

  const fromRow = <T>(row: Row): Stored<T> => {
    const known = parsed.get(row.key);
    if (known?.revision === row.revision) {
      return { key: row.key, value: known.value as T, revision: row.revision };
    }
    const value = JSON.parse(row.value) as T;
    parsed.set(row.key, { revision: row.revision, value });
    return { key: row.key, value, revision: row.revision };
  };

  const write = (key: string, expected: number, apply: (revision: number) => void): PutResult => {
    database.exec('BEGIN IMMEDIATE');
    try {
      if ((statements.get(key)?.revision ?? 0) !== expected) {
        database.exec('ROLLBACK');
        return { kind: 'conflict' };
      }
      const revision = statements.head() + 1;
      apply(revision);
      statements.setHead(revision);
      database.exec('COMMIT');
      parsed.delete(key);
      changes.advance(revision);
      return { kind: 'stored', revision };
    } catch (thrown) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw thrown;
    }
  };

  return {
    get: async (key) => {
      const row = statements.get(key);
      return row === undefined ? null : fromRow(row);
    },
    range: async (prefix) => statements.range(prefix).map((row) => fromRow(row)),
    put: async (key, value, expected) =>
      write(key, expected, (revision) => statements.put(key, JSON.stringify(value), revision)),
    delete: async (key, expected) => write(key, expected, () => statements.remove(key)),
    revision: async () => statements.head(),
    changed: (after, signal) => changes.above(after, signal),
    close: async () => {
      if (database.isOpen) database.close();
    },
  };
}

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    makePrivate(path);
    database = new DatabaseSync(path, { timeout: 0 });
    // Before the first read, so that the lock is taken with it and no shared-memory file is made.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    database.exec(schema);
    checkIntegrity(database, path);
    return database;
  } catch (thrown) {
    if (database?.isOpen) database.close();
    throw explained(thrown, path);
  }
}

/** SQLite gives its other files the mode of the first. */
function makePrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

function checkIntegrity(database: DatabaseSync, path: string): void {
  const row = database.prepare('PRAGMA integrity_check(1)').get();
  const found = row === undefined ? 'no answer' : String(Object.values(row)[0]);
  if (found !== 'ok') throw damaged(path, found);
}

const damaged = (path: string, found: string, cause?: unknown): AppError =>
  new AppError(
    'internal',
    `the store ${path} is damaged (${found}): restore it from a backup, nothing was changed`,
    { cause },
  );

function explained(thrown: unknown, path: string): unknown {
  if (thrown instanceof AppError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/locked|busy/i.test(message)) {
    return new AppError(
      'conflict',
      `another coordinator has ${path} open: one coordinator per data directory; stop that one first, or use its socket`,
      { cause: thrown },
    );
  }
  if (/malformed|not a database/i.test(message)) return damaged(path, message, thrown);
  return new AppError('internal', `cannot open the store ${path}: ${message}`, { cause: thrown });
}

function prepare(database: DatabaseSync) {
  const get = database.prepare('SELECT key, value, revision FROM records WHERE key = ?');
  const range = database.prepare(
    'SELECT key, value, revision FROM records WHERE key >= ? AND key < ? ORDER BY key',
  );
  const put = database.prepare(
    'INSERT INTO records (key, value, revision) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision',
  );
  const remove = database.prepare('DELETE FROM records WHERE key = ?');
  const head = database.prepare('SELECT revision FROM head WHERE id = 1');
  const setHead = database.prepare('UPDATE head SET revision = ? WHERE id = 1');
  return {
    get: (key: string) => get.get(key) as unknown as Row | undefined,
    range: (prefix: string) => range.all(prefix, `${prefix}\u{10ffff}`) as unknown as Row[],
    put: (key: string, value: string, revision: number): void => {
      put.run(key, value, revision);
    },
    remove: (key: string): void => {
      remove.run(key);
    },
    head: () => Number(head.get()?.['revision'] ?? 0),
    setHead: (revision: number): void => {
      setHead.run(revision);
    },
  };
}
