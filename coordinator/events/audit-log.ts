// The audit log: who did what and when, one JSON line each, appended and never changed. Every line
// carries the digest of the line before it, so that a line taken out or changed later shows. An
// entry is on the disk before `append` returns; entries that come together share one fsync.
//
// INVARIANTS
// - Nothing is written behind half a line: what could not be written is cut off before the next try.
// - A full file is renamed, and the chain goes on in the next; the oldest are removed, and the log says
//   so before they are.
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { isNotFound, syncDirectory } from '../keys/private-file.ts';
import { endOf, endOfFile, endOfFullFiles, missingTail } from './audit-end.ts';
import { fullFile, fullFiles } from './audit-files.ts';
import type { HeadStore } from './audit-head.ts';
import { type ChainEnd, digestOfLine, type Entry, lineAfter } from './audit-line.ts';
import { type AuditFile, readTail } from './audit-tail.ts';

/** Static names, so that they can be counted and searched. */
export type AuditEvent =
  | 'started'
  | 'torn-tail-cut'
  | 'tail-missing'
  | 'segments-dropped'
  | 'token-created'
  | 'token-revoked'
  | 'token-extended'
  | 'joined'
  | 'join-repeated'
  | 'join-refused'
  | 'call-refused'
  | 'renewed'
  | 'returned'
  | 'renew-refused'
  | 'certificate-signed'
  | 'snapshot-stored'
  | 'certificate-refused'
  | 'node-state'
  | 'plan-issued'
  | 'plan-accepted'
  | 'plan-refused'
  | 'plan-given-up'
  | 'plan-stopped'
  | 'plan-finished'
  | 'plan-stop-received'
  | 'step-outcome'
  | 'journal-changed'
  | 'foreign-record'
  | 'sequence-ahead'
  | 'operator'
  | 'operator-added'
  | 'operator-revoked'
  | 'operator-login'
  | 'login-refused'
  | 'operator-renewed'
  | 'operator-call'
  | 'operator-call-failed';

export type AuditFields = Readonly<Record<string, unknown>>;

export interface AuditLog {
  append(event: AuditEvent, fields: AuditFields): Promise<void>;
  close(): Promise<void>;
}

export interface AuditLine {
  readonly seq: number;
  readonly atMs: number;
  readonly event: AuditEvent;
  readonly prev: string;
  readonly [field: string]: unknown;
}

export interface AuditOptions {
  /** Where the end of the log is remembered. @default nowhere */
  readonly head?: HeadStore;
  /** Of a file, before the next is begun. @default 16 MiB */
  readonly fileBytes?: number;
  /** Full files that are kept. @default 64 */
  readonly keptFiles?: number;
  /** The log no longer reaches what was remembered of it; it is written down as well. */
  readonly onMissing?: (fields: AuditFields) => void;
  /** How the file is opened; tests give one that fails. */
  readonly openFile?: (path: string) => Promise<AuditFile>;
}

interface Pending extends Entry {
  readonly event: AuditEvent;
  resolve(): void;
  reject(reason: unknown): void;
}

const defaultFileBytes = 16 * 1024 * 1024;
const defaultKeptFiles = 64;
/** A cut of what is younger is not noticed. */
const rememberWithinMs = 5_000;

const openPrivately = async (path: string): Promise<AuditFile> => await open(path, 'a+', 0o600);

/** @throws AppError internal when what is there does not end with an entry */
export async function openAuditLog(
  path: string,
  clock: Clock,
  options: AuditOptions = {},
): Promise<AuditLog> {
  const { fileBytes = defaultFileBytes, openFile = openPrivately, head } = options;
  let file = await openFile(path);
  const tail = await readTail(file);
  // What is on the disk for good; the next line goes behind it.
  let end: ChainEnd = endOf(tail, path) ?? (await endOfFullFiles(path));
  let bytes = tail.bytes;
  if (tail.tornBytes > 0) await file.truncate(bytes);
  let isTailClean = true;
  let pending: Pending[] = [];
  let writing: Promise<void> | null = null;

  const cutBack = async (): Promise<void> => {
    await file.truncate(bytes);
    isTailClean = true;
  };

  const write = async (entries: readonly Entry[]): Promise<void> => {
    // Half a line that could not be cut off when it was written is cut off now, or nothing is written.
    if (!isTailClean) await cutBack();
    if (bytes >= fileBytes) await beginNext();
    const { text, end: next } = linesOf(entries, end);
    try {
      await file.appendFile(text);
      await file.datasync();
    } catch (thrown) {
      // A full disk: half a line would break the chain for every line after it.
      isTailClean = false;
      await cutBack().catch(() => undefined);
      throw thrown;
    }
    bytes += Buffer.byteLength(text);
    end = next;
  };

  /** A crash in between leaves an empty file, or none: the chain goes on from the full one. */
  const beginNext = async (): Promise<void> => {
    await rename(path, fullFile(path, end.seq)).catch((thrown: unknown) => {
      // Renamed before, and then the next one could not be made.
      if (!isNotFound(thrown)) throw thrown;
    });
    const next = await openFile(path);
    await file.close();
    file = next;
    bytes = 0;
    await syncDirectory(dirname(path));
  };

  /** What is removed is written down first. */
  const dropOld = async (): Promise<void> => {
    const { keptFiles = defaultKeptFiles } = options;
    const files = await fullFiles(path);
    const old = files.slice(0, Math.max(0, files.length - keptFiles));
    const newest = old.at(-1);
    if (newest === undefined) return;
    const dropped = await endOfFile(newest);
    const fields = { through: dropped.seq, digest: dropped.digest, files: old.length };
    await write([{ atMs: clock.now(), event: 'segments-dropped', fields }]);
    for (const one of old) await rm(one, { force: true });
  };

  const closing = new AbortController();
  let remembering: Promise<void> | null = null;
  const remember = async (store: HeadStore): Promise<void> => {
    if (end.seq === 0) return;
    // The log itself is whole without it: a full disk is no reason to refuse what was written.
    await store.write({ ...end, atMs: clock.now() }).catch(() => undefined);
  };
  const rememberSoon = (store: HeadStore): void => {
    remembering ??= clock.sleep(rememberWithinMs, closing.signal).then(
      async () => {
        await remember(store);
        remembering = null;
      },
      () => undefined,
    );
  };

  const flush = async (): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      try {
        const isFull = bytes >= fileBytes;
        await write(batch);
        for (const { resolve } of batch) resolve();
        if (isFull) await dropOld().catch(() => undefined);
        if (head !== undefined) rememberSoon(head);
      } catch (thrown) {
        for (const { reject } of batch) reject(thrown);
      }
    }
    writing = null;
  };

  const append = (event: AuditEvent, fields: AuditFields): Promise<void> =>
    new Promise((resolve, reject) => {
      pending.push({ atMs: clock.now(), event, fields, resolve, reject });
      writing ??= flush();
    });

  if (tail.tornBytes > 0) await append('torn-tail-cut', { bytes: tail.tornBytes });
  const missing = head === undefined ? null : await missingTail(path, end, head);
  if (missing !== null) {
    options.onMissing?.(missing);
    await append('tail-missing', missing);
  }
  return {
    append,
    close: async () => {
      await writing;
      closing.abort();
      await remembering;
      if (head !== undefined) await remember(head);
      await file.close();
    },
  };
}

function linesOf(
  entries: readonly Entry[],
  from: ChainEnd,
): { readonly text: string; readonly end: ChainEnd } {
  let end = from;
  const lines = entries.map((entry) => {
    const line = lineAfter(end, entry);
    end = { seq: end.seq + 1, digest: digestOfLine(line) };
    return `${line}\n`;
  });
  return { text: lines.join(''), end };
}
