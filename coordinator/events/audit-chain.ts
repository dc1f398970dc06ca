// Whether the chain of an audit log holds: line after line, however many files it is in. It keeps a few
// numbers and never the log. Pure.
//
// What it proves: no line between the first and the last that are there was changed, taken out, put in
// or moved by somebody who did not also write every line after it anew. That the end was cut off shows
// only by the head that was written down elsewhere.

import { type ChainEnd, digestOfLine, GENESIS, parseLine } from './audit-line.ts';
import type { AuditLine } from './audit-log.ts';

export interface Break {
  readonly kind: 'broken';
  /** Of the whole reading, from 1. */
  readonly line: number;
  readonly reason: string;
  readonly expected: string;
  readonly found: string;
}

export interface Whole {
  readonly kind: 'whole';
  readonly lines: number;
  readonly first: AuditLine | null;
  readonly last: AuditLine | null;
  readonly end: ChainEnd;
  /** The lines before the first one were dropped, and a later line says so. */
  readonly droppedThrough: number;
  /** What the coordinator itself wrote down about this log. */
  readonly notes: readonly AuditLine[];
}

export interface ChainReader {
  /** A line without its line break; null while the chain holds. */
  take(row: Buffer): Break | null;
  end(): Whole | Break;
}

export interface ChainOptions {
  /** Lines that were remembered elsewhere: the chain has to contain them. */
  readonly heads?: readonly ChainEnd[];
  /** A single file, whose beginning may be in another one. */
  readonly isPart?: boolean;
  readonly onLine?: (line: AuditLine) => void;
}

const noteEvents = new Set(['torn-tail-cut', 'tail-missing', 'segments-dropped']);
const mostNotes = 100;

export function readChain({ heads = [], isPart = false, onLine }: ChainOptions = {}): ChainReader {
  let lines = 0;
  let first: AuditLine | null = null;
  let last: AuditLine | null = null;
  let end: ChainEnd = { seq: 0, digest: GENESIS };
  let isBeginExplained = isPart;
  const notes: AuditLine[] = [];

  const broken = (reason: string, expected: string, found: string): Break => ({
    kind: 'broken',
    line: lines,
    reason,
    expected,
    found,
  });

  const fault = (line: AuditLine): Break | null => {
    if (first === null) {
      // Where the log begins is judged at its end: a line may say what became of those before.
      if (line.seq === 1 && line.prev !== GENESIS)
        return broken('the first line names a line before it', GENESIS, line.prev);
      return null;
    }
    if (line.prev !== end.digest)
      return broken('the line before it is not the one it was', line.prev, end.digest);
    if (line.seq !== end.seq + 1)
      return broken('lines are missing', `seq ${end.seq + 1}`, `seq ${line.seq}`);
    return null;
  };

  return {
    take(row) {
      lines += 1;
      const line = parseLine(row.toString('utf8'));
      if (line === null) {
        return broken('not an audit entry', 'JSON with seq, atMs, event and prev', picture(row));
      }
      const found = fault(line);
      if (found !== null) return found;
      first ??= line;
      last = line;
      end = { seq: line.seq, digest: digestOfLine(row) };
      const other = heads.find(({ seq, digest }) => seq === end.seq && digest !== end.digest);
      if (other !== undefined)
        return broken('it is not the line that was remembered', other.digest, end.digest);
      if (noteEvents.has(line.event) && notes.length < mostNotes) notes.push(line);
      if (line.event === 'segments-dropped' && explains(line, first)) isBeginExplained = true;
      onLine?.(line);
      return null;
    },
    end() {
      const begin: AuditLine | null = first;
      if (begin !== null && begin.seq > 1 && !isBeginExplained) {
        lines = 1;
        return broken(
          'the lines before it are missing, and no line says that they were dropped',
          'seq 1',
          `seq ${begin.seq}`,
        );
      }
      const cut = heads.find(({ seq }) => seq > end.seq);
      if (cut !== undefined) {
        return broken(
          'the end of the log is missing',
          `seq ${cut.seq}, which was remembered`,
          `seq ${end.seq} at the end`,
        );
      }
      const gone = heads.find(({ seq }) => begin !== null && seq > 0 && seq < begin.seq);
      if (gone !== undefined) {
        return broken(
          'the line that was remembered is not here',
          `seq ${gone.seq}`,
          `seq ${begin?.seq ?? 0} at the beginning`,
        );
      }
      const droppedThrough = begin === null ? 0 : begin.seq - 1;
      return { kind: 'whole', lines, first, last, end, droppedThrough, notes };
    },
  };
}

const explains = (line: AuditLine, first: AuditLine): boolean =>
  line['through'] === first.seq - 1 && line['digest'] === first.prev;

const picture = (row: Buffer): string => {
  const text = row.toString('utf8');
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};

export type AuditCheck = { readonly kind: 'whole'; readonly lines: readonly AuditLine[] } | Break;

/** Whether the chain of an audit log's text holds from its first line to its last. */
export function checkAuditText(text: string): AuditCheck {
  const lines: AuditLine[] = [];
  const reader = readChain({ onLine: (line) => lines.push(line) });
  const rows = text.split('\n');
  if (rows.at(-1) === '') rows.pop();
  for (const row of rows) {
    const broken = reader.take(Buffer.from(row));
    if (broken !== null) return broken;
  }
  const end = reader.end();
  return end.kind === 'broken' ? end : { kind: 'whole', lines };
}
