// The store of a single coordinator: SQLite, write-ahead log, synchronous=FULL, so that a `put` that
// returned survives a power cut. The exclusive lock of the file is what refuses a second coordinator
// on the same directory; the kernel drops it when the process dies, however it dies.
import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../shared/errors.ts';
import { changeSignal } from './change-signal.ts';
import { prepare, type Row, schema } from './sqlite-statements.ts';
import type { Changes, PutResult, Store, Stored } from './store.ts';

interface SqliteStoreOptions {
  /** Further back a reader of changes gets everything. @default 10000 */
  readonly deletionsRemembered?: number;
}

/** @throws AppError conflict when another coordinator has it open, `internal` when it is damaged. */
export function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Store {
  const deletionsRemembered = options.deletionsRemembered ?? 10_000;
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

  const changesSince = (after: number): Changes => {
    const revision = statements.head();
    const isComplete = after === 0 || after < statements.forgotten() || after > revision;
    return {
      records: statements.changedAfter(isComplete ? 0 : after).map((row) => fromRow(row)),
      deleted: isComplete ? [] : statements.deletedAfter(after),
      revision,
      isComplete,
    };
  };

  return {
    get: async (key) => {
      const row = statements.get(key);
      return row === undefined ? null : fromRow(row);
    },
    range: async (prefix) => statements.range(prefix).map((row) => fromRow(row)),
    put: async (key, value, expected) =>
      write(key, expected, (revision) => {
        statements.put(key, JSON.stringify(value), revision);
        if (expected === 0) statements.forgetDeletionOf(key);
      }),
    delete: async (key, expected) =>
      write(key, expected, (revision) => {
        statements.remove(key, revision);
        statements.forgetDeletionsBut(deletionsRemembered);
      }),
    revision: async () => statements.head(),
    changesSince: async (after) => changesSince(after),
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
