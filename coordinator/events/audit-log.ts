// The audit log: who did what and when, one JSON line each, appended and never changed. Every line
// carries the digest of the line before it, so that a line taken out or changed later shows. An
// entry is on the disk before `append` returns; entries that come together share one fsync.
import { type FileHandle, open } from 'node:fs/promises';
import { sha256Hex } from '../../shared/canonical.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';

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
  | 'renew-refused'
  | 'certificate-signed'
  | 'certificate-refused'
  | 'node-state'
  | 'plan-issued'
  | 'plan-accepted'
  | 'plan-refused'
  | 'plan-given-up'
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
const tailBytes = 1024 * 1024;

export async function openAuditLog(path: string, clock: Clock): Promise<AuditLog> {
  const file = await open(path, 'a+', 0o600);
  const tail = await readTail(file, path);
  let seq = tail.seq;
  let previous = tail.digest;
  let pending: { text: string; resolve: () => void; reject: (reason: unknown) => void }[] = [];
  let writing: Promise<void> | null = null;

  const flush = async (): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      try {
        await file.appendFile(batch.map(({ text }) => text).join(''));
        await file.datasync();
        for (const { resolve } of batch) resolve();
      } catch (thrown) {
        for (const { reject } of batch) reject(thrown);
      }
    }
    writing = null;
  };

  const append = (event: AuditEvent, fields: AuditFields): Promise<void> => {
    seq += 1;
    const line = JSON.stringify({ seq, atMs: clock.now(), event, ...fields, prev: previous });
    previous = sha256Hex(line);
    return new Promise((resolve, reject) => {
      pending.push({ text: `${line}\n`, resolve, reject });
      writing ??= flush();
    });
  };

  if (tail.tornBytes > 0) await append('torn-tail-cut', { bytes: tail.tornBytes });
  return {
    append,
    close: async () => {
      await writing;
      await file.close();
    },
  };
}

interface Tail {
  readonly seq: number;
  readonly digest: string;
  readonly tornBytes: number;
}

/** A power cut can leave half of the last line: it was never acknowledged, so it is cut. */
async function readTail(file: FileHandle, path: string): Promise<Tail> {
  const { size } = await file.stat();
  const start = Math.max(0, size - tailBytes);
  const buffer = Buffer.alloc(size - start);
  await file.read(buffer, 0, buffer.length, start);
  const end = buffer.lastIndexOf(0x0a) + 1;
  const tornBytes = buffer.length - end;
  if (tornBytes > 0) await file.truncate(start + end);
  if (end === 0) return { seq: 0, digest: genesis, tornBytes };
  const lineStart = buffer.lastIndexOf(0x0a, end - 2) + 1;
  const line = buffer.toString('utf8', lineStart, end - 1);
  const parsed = parseLine(line);
  if (parsed === null) {
    throw new AppError(
      'internal',
      `the last line of ${path} is not an audit entry: look at it, then move the file away`,
    );
  }
  return { seq: parsed.seq, digest: sha256Hex(line), tornBytes };
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
