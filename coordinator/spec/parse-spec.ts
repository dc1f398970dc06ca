// cluster.yaml from text to a spec with defaults, or every fault at once, each with line and column.
// Pure: it reads no file and knows no host.
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  type YAMLError,
} from 'yaml';
import { plainLine, quoted } from '../../shared/plain-text.ts';
import { type ClusterSpec, clusterDocumentSchema, clusterSpecSchema } from './cluster-spec.ts';
import { findContradictions } from './spec-contradictions.ts';
import { type Complaint, complaintsOf, type SpecPath } from './spec-faults.ts';

export interface SpecFault {
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  /** For example spec.pools[1].size; empty for the whole document. */
  readonly path: string;
  readonly message: string;
}

export type ParsedSpec =
  | { readonly kind: 'ok'; readonly name: string; readonly spec: ClusterSpec }
  | { readonly kind: 'invalid'; readonly faults: readonly SpecFault[] };

export function parseSpec(text: string): ParsedSpec {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false });
  const [document, second] = Array.isArray(documents) ? documents : [];
  if (document === undefined || document.contents === null) {
    return invalid([
      { line: 1, column: 1, path: '', message: 'the file is empty: a cluster is wanted' },
    ]);
  }
  if (document.errors.length > 0) {
    return invalid(document.errors.map((error) => yamlFault(error, lineCounter)));
  }
  if (second !== undefined) {
    const { line, col } = lineCounter.linePos(second.range[0]);
    return invalid([
      { line, column: col, path: '', message: 'a second document: one file holds one cluster' },
    ]);
  }
  const complaints: Complaint[] = [];
  const plain = plainValue(document);
  if (plain.kind === 'invalid') return plain;
  const { value } = plain;
  const checked = clusterDocumentSchema.safeParse(value);
  if (!checked.success) {
    complaints.push(...complaintsOf(checked.error.issues, value, clusterDocumentSchema));
  }
  // With what is wrong taken away, the rest can still contradict itself: all faults, at once.
  const spec = checked.success ? checked.data.spec : specWithout(value, complaints);
  if (spec !== null) {
    const found = findContradictions(spec);
    complaints.push(...found.map(({ path, message }) => ({ path: ['spec', ...path], message })));
  }
  if (checked.success && complaints.length === 0) {
    return { kind: 'ok', name: checked.data.metadata.name, spec: checked.data.spec };
  }
  return invalid(
    complaints.map(({ path, message }) => ({
      ...positionOf(document, path, lineCounter),
      path: formatPath(path),
      message,
    })),
  );
}

type PlainValue = { readonly kind: 'value'; readonly value: unknown };

/** A few lines of aliases of aliases can stand for more than a memory holds: the parser ends there. */
function plainValue(
  document: Document.Parsed,
): PlainValue | Extract<ParsedSpec, { kind: 'invalid' }> {
  try {
    return { kind: 'value', value: document.toJS() };
  } catch (thrown) {
    if (!(thrown instanceof ReferenceError)) throw thrown;
    const message = 'aliases (*name) that stand for too much: write out what they stand for';
    return invalid([{ line: 1, column: 1, path: '', message }]);
  }
}

function invalid(faults: readonly SpecFault[]): Extract<ParsedSpec, { kind: 'invalid' }> {
  const sorted = faults.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { kind: 'invalid', faults: sorted };
}

/** One line per fault, as compilers write them. */
export function formatFault(file: string, fault: SpecFault): string {
  const path = fault.path === '' ? '' : `${fault.path}: `;
  return `${file}:${fault.line}:${fault.column}: ${path}${fault.message}`;
}

export function formatPath(path: SpecPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = /^[\w./-]{1,100}$/.test(part) ? part : quoted(part);
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

function yamlFault(error: YAMLError, lineCounter: LineCounter): SpecFault {
  const { line, col } = lineCounter.linePos(error.pos[0]);
  return {
    line,
    column: col,
    path: '',
    message: `not YAML: ${plainLine(error.message.split('\n')[0] ?? '')}`,
  };
}

/** Where the thing at `path` stands, or the nearest thing around it when it is missing. */
function positionOf(
  document: Document,
  path: SpecPath,
  lineCounter: LineCounter,
): { line: number; column: number } {
  let node: Node | null = document.contents as Node | null;
  let offset = node?.range?.[0] ?? 0;
  for (const part of path) {
    const found = childOf(node, part);
    if (found === null) break;
    offset = found.offset;
    node = found.value;
  }
  const { line, col } = lineCounter.linePos(offset);
  return { line, column: col };
}

function childOf(
  node: Node | null,
  part: string | number,
): { offset: number; value: Node | null } | null {
  if (node === null) return null;
  if (isMap(node)) {
    const pair = node.items.find(
      (item) => isScalar(item.key) && String(item.key.value) === String(part),
    );
    if (pair === undefined || !isNode(pair.key)) return null;
    return { offset: pair.key.range?.[0] ?? 0, value: isNode(pair.value) ? pair.value : null };
  }
  const items: unknown = 'items' in node ? node.items : [];
  const item: unknown = Array.isArray(items) && typeof part === 'number' ? items[part] : undefined;
  return isNode(item) ? { offset: item.range?.[0] ?? 0, value: item } : null;
}

/** Takes the wrong fields away, and what then lacks a field, until the rest is a spec or nothing is. */
function specWithout(value: unknown, complaints: readonly Complaint[]): ClusterSpec | null {
  let paths: SpecPath[] = complaints.map(({ path }) => path).filter(([first]) => first === 'spec');
  let copy: unknown = structuredClone(value);
  for (let round = 0; round < 4; round += 1) {
    copy = without(copy, paths);
    // The version is the one field that nothing contradicts.
    const result = clusterSpecSchema.safeParse({
      kubernetes: { version: 'v1.0.0' },
      ...specOf(copy),
    });
    if (result.success) return result.data;
    paths = result.error.issues.map((issue) => [
      'spec',
      ...issue.path.filter((part) => typeof part !== 'symbol').slice(0, -1),
    ]);
  }
  return null;
}

function specOf(document: unknown): object {
  const spec: unknown =
    document !== null && typeof document === 'object' && 'spec' in document ? document.spec : null;
  return spec !== null && typeof spec === 'object' ? spec : {};
}

function without(value: unknown, paths: readonly SpecPath[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const path of paths) {
    const parent = path.slice(0, -1).reduce<unknown>((current, part) => {
      return current !== null && typeof current === 'object'
        ? (current as Record<string, unknown>)[part]
        : undefined;
    }, copy);
    const last = path.at(-1);
    // Items of lists stay: the places of the others would move.
    if (last === undefined || parent === null || typeof parent !== 'object') continue;
    if (!Array.isArray(parent)) delete (parent as Record<string, unknown>)[last];
  }
  return copy;
}
