// Plain aligned tables: two spaces between columns, no frame, no colour. Pure.
import { plainLine } from '../../shared/plain-text.ts';

export type Row = readonly (string | number | null)[];

/** @param headers in capitals, as kubectl writes them */
export function formatTable(headers: readonly string[], rows: readonly Row[]): string {
  const cells = [headers, ...rows.map((row) => row.map(cell))];
  const widths = headers.map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  );
  const lines = cells.map((row) =>
    row
      .map((text, column) => text + ' '.repeat((widths[column] ?? 0) - text.length))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

const cell = (value: string | number | null): string =>
  value === null || value === '' ? '-' : plainLine(String(value));

export function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** Name and value lines, values aligned; for `describe`. */
export function formatFields(
  fields: readonly (readonly [string, string | number | null])[],
): string {
  const width = Math.max(...fields.map(([name]) => name.length)) + 1;
  return fields.map(([name, value]) => `${`${name}:`.padEnd(width)}  ${cell(value)}\n`).join('');
}
