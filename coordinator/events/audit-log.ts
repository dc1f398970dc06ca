// The audit log: who did what and when, one JSON line each, appended and never changed. Every line
// carries the digest of the line before it, so that a line taken out or changed later shows. An
// entry is on the disk before `append` returns; entries that come together share one fsync.
import { open } from 'node:fs/promises';
import { sha256Hex } from '../../shared/canonical.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { boundedFields } from './audit-fields.ts';
import { type AuditFile, type AuditTail, readTail } from './audit-tail.ts';

/** Static names, so that they can be counted and searched. */
export type AuditEvent =
  | 'started'
  | 'torn-tail-cut'
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
  | 'operator';

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

const genesis = '0'.repeat(64);

interface Pending {
  readonly atMs: number;
  readonly event: AuditEvent;
  readonly fields: AuditFields;
  resolve(): void;
  reject(reason: unknown): void;
}

const openFile = async (path: string): Promise<AuditFile> => await open(path, 'a+', 0o600);

/** @param opened how the file is opened; tests give one that fails */
export async function openAuditLog(
  path: string,
  clock: Clock,
  opened: (path: string) => Promise<AuditFile> = openFile,
): Promise<AuditLog> {
  const file = await opened(path);
  const tail = await readTail(file);
  // What is on the disk for good; the next line goes behind it.
  let end = endOf(tail, path);
  if (tail.tornBytes > 0) await file.truncate(end.bytes);
  let pending: Pending[] = [];
  let writing: Promise<void> | null = null;

  const flush = async (): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      const { text, end: next } = linesOf(batch, end);
      try {
        await file.appendFile(text);
        await file.datasync();
        end = next;
        for (const { resolve } of batch) resolve();
      } catch (thrown) {
        // A full disk: half a line would break the chain for every line after it.
        await file.truncate(end.bytes).catch(() => undefined);
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
  return {
    append,
    close: async () => {
      await writing;
      await file.close();
    },
  };
}

interface End {
  readonly seq: number;
  readonly digest: string;
  readonly bytes: number;
}

function linesOf(
  batch: readonly Pending[],
  end: End,
): { readonly text: string; readonly end: End } {
  let { seq, digest } = end;
  const lines = batch.map(({ atMs, event, fields }) => {
    seq += 1;
    const line = JSON.stringify({ seq, atMs, event, ...boundedFields(fields), prev: digest });
    digest = sha256Hex(line);
    return `${line}\n`;
  });
  const text = lines.join('');
  return { text, end: { seq, digest, bytes: end.bytes + Buffer.byteLength(text) } };
}

function endOf({ line, bytes }: AuditTail, path: string): End {
  if (line === null) return { seq: 0, digest: genesis, bytes };
  const parsed = parseLine(line);
  if (parsed === null) {
    throw new AppError(
      'internal',
      `the last line of ${path} is not an audit entry: look at it, then move the file away`,
    );
  }
  return { seq: parsed.seq, digest: sha256Hex(line), bytes };
}

export type AuditCheck =
  | { readonly kind: 'whole'; readonly lines: readonly AuditLine[] }
  | { readonly kind: 'broken'; readonly line: number; readonly reason: string };

/** Whether the chain of an audit log's text holds from its first line to its last. */
export function checkAuditText(text: string): AuditCheck {
  const lines: AuditLine[] = [];
  let previous = genesis;
  const rows = text.split('\n');
  if (rows.at(-1) === '') rows.pop();
  for (const [index, row] of rows.entries()) {
    const line = parseLine(row);
    if (line === null) return { kind: 'broken', line: index + 1, reason: 'not an audit entry' };
    if (line.prev !== previous) {
      return {
        kind: 'broken',
        line: index + 1,
        reason: 'the line before it is not the one it was',
      };
    }
    if (line.seq !== index + 1)
      return { kind: 'broken', line: index + 1, reason: 'lines are missing' };
    previous = sha256Hex(row);
    lines.push(line);
  }
  return { kind: 'whole', lines };
}

function parseLine(row: string): AuditLine | null {
  try {
    const value = JSON.parse(row) as AuditLine;
    return typeof value.seq === 'number' && typeof value.prev === 'string' ? value : null;
  } catch {
    return null;
  }
}
