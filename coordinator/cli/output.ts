// Documents as people and scripts want them: -o table, wide, json, yaml or name. Pure.
import { stringify } from 'yaml';
import { AppError } from '../../shared/errors.ts';
import type { Document, DocumentKind } from '../operator/documents.ts';
import { columnsOf } from './columns.ts';
import { formatTable } from './table.ts';

export type OutputFormat = 'table' | 'wide' | 'json' | 'yaml' | 'name';
const formats: readonly OutputFormat[] = ['table', 'wide', 'json', 'yaml', 'name'];

/** @throws AppError usage */
export function parseFormat(text: string): OutputFormat {
  const format = formats.find((candidate) => candidate === text);
  if (format !== undefined) return format;
  throw new AppError('usage', `-o ${JSON.stringify(text)}: expected one of ${formats.join(', ')}`);
}

export interface Shown {
  readonly kind: DocumentKind;
  readonly format: OutputFormat;
  readonly now: number;
  /** One object was asked for by name: json and yaml show it without a list around it. */
  readonly isSingle: boolean;
}

export function formatDocuments(documents: readonly Document[], shown: Shown): string {
  const [first] = documents;
  const whole: unknown = shown.isSingle && first !== undefined ? first : { items: documents };
  switch (shown.format) {
    case 'json':
      return `${escaped(JSON.stringify(whole, null, 2))}\n`;
    case 'yaml':
      return stringify(whole, { aliasDuplicateObjects: false });
    case 'name':
      return documents
        .map((document) => `${document.kind.toLowerCase()}/${document.name}\n`)
        .join('');
    case 'table':
    case 'wide':
      return formatAsTable(documents, shown);
  }
}

/** The same JSON: what no terminal may get stands as an escape. */
const escaped = (json: string): string =>
  json.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' ? character : character.split('').map(asEscape).join(''),
  );
const asEscape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

function formatAsTable(documents: readonly Document[], shown: Shown): string {
  const columns = columnsOf(shown.kind).filter(
    (column) => shown.format === 'wide' || !column.isWide,
  );
  const rows = documents.map((document) =>
    columns.map((column) => column.read(document, shown.now)),
  );
  return formatTable(
    columns.map((column) => column.header),
    rows,
  );
}
