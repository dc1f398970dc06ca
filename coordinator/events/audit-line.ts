// One line of the audit log: JSON of printable ASCII, so that neither `cat` nor a terminal does what a
// host wrote into it, with the number of the line and the digest of the line before it. Pure.
import { sha256Hex } from '../../shared/canonical.ts';
import { boundedFields } from './audit-fields.ts';
import type { AuditFields, AuditLine } from './audit-log.ts';

/** What stands for the line before the first one. */
export const GENESIS = '0'.repeat(64);

export interface Entry {
  readonly atMs: number;
  readonly event: string;
  readonly fields: AuditFields;
}

/** Where a chain ends. */
export interface ChainEnd {
  /** Of the last line; 0 before the first. */
  readonly seq: number;
  /** Hex SHA-256 of the last line, without its line break. */
  readonly digest: string;
}

const own = new Set(['seq', 'atMs', 'event', 'prev']);

/** The line behind `end`, without its line break. */
export function lineAfter(end: ChainEnd, { atMs, event, fields }: Entry): string {
  // A field can be named by others; none takes the place of the chain's own.
  const given = Object.entries(boundedFields(fields)).map(
    ([name, value]) => [own.has(name) ? `${name}_` : name, value] as const,
  );
  const line = { seq: end.seq + 1, atMs, event, ...Object.fromEntries(given), prev: end.digest };
  return asAscii(JSON.stringify(line));
}

/** The same JSON. */
export const asAscii = (json: string): string =>
  json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

export const digestOfLine = (line: string | Uint8Array): string => sha256Hex(line);

/** Null for what is not an entry. */
export function parseLine(row: string): AuditLine | null {
  try {
    const value = JSON.parse(row) as Partial<AuditLine> | null;
    const isLine =
      Number.isSafeInteger(value?.seq) &&
      typeof value?.prev === 'string' &&
      typeof value.event === 'string' &&
      typeof value.atMs === 'number';
    return isLine ? (value as AuditLine) : null;
  } catch {
    return null;
  }
}
