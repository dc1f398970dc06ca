// From what zod found to sentences that name the field, the value seen and what is wanted. Pure:
// where a fault is in the text is parse-spec's business.
import { z } from 'zod';
import { quoted } from '../../shared/plain-text.ts';
import { nearestName } from './nearest.ts';

export type SpecPath = readonly (string | number)[];

export interface Complaint {
  readonly path: SpecPath;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** `document` is the value that was checked: zod's issues do not carry what was seen. */
export function complaintsOf(
  issues: readonly Issue[],
  document: unknown,
  schema: z.ZodType,
): Complaint[] {
  return issues.flatMap((issue) => describeIssue(issue, { document, schema, base: [] }));
}

interface Context {
  readonly document: unknown;
  readonly schema: z.ZodType;
  readonly base: SpecPath;
}

function describeIssue(issue: Issue, context: Context): Complaint[] {
  const path = [...context.base, ...issue.path.filter((part) => typeof part !== 'symbol')];
  const seen = valueAt(context.document, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: unknownField(key, path, context.schema),
      }));
    case 'invalid_type':
      return [{ path, message: wrongType(issue.expected, seen) }];
    case 'invalid_value':
      return [{ path, message: wrongValue(issue.values.map(String), seen) }];
    case 'invalid_union':
      return describeUnion(issue, { ...context, base: path });
    case 'too_small':
      if (Array.isArray(seen)) return [{ path, message: 'must not be empty' }];
      return [{ path, message: `${show(seen)} is too small: at least ${String(issue.minimum)}` }];
    case 'too_big':
      return [{ path, message: `${show(seen)} is too big: at most ${String(issue.maximum)}` }];
    case 'invalid_key': {
      const [inner] = issue.issues;
      const name = quoted(String(path.at(-1)));
      return [{ path, message: `${name} is not right: expected ${inner?.message ?? 'a name'}` }];
    }
    default:
      return [{ path, message: `${show(seen)} is not right: expected ${issue.message}` }];
  }
}

/** The branch of a union that fits best: the one of the same type whose complaints lie deepest. */
function describeUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  context: Context,
): Complaint[] {
  const seen = valueAt(context.document, context.base);
  const isBranchOfOtherType = (branch: readonly Issue[]): boolean =>
    branch.some(
      (inner) =>
        inner.path.length === 0 &&
        (inner.code === 'invalid_type' || inner.code === 'invalid_value'),
    );
  const fitting = issue.errors.filter((branch) => !isBranchOfOtherType(branch));
  const best = fitting[0];
  if (best !== undefined) return best.flatMap((inner) => describeIssue(inner, context));
  const wanted = issue.errors.flat().map((inner) => {
    if (inner.code === 'invalid_value')
      return inner.values.map((value) => JSON.stringify(value)).join(' or ');
    if (inner.code === 'invalid_type') return typeWord(inner.expected);
    return inner.message;
  });
  return [
    {
      path: context.base,
      message: `expected ${[...new Set(wanted)].join(' or ')}, found ${show(seen)}`,
    },
  ];
}

function unknownField(key: string, path: SpecPath, schema: z.ZodType): string {
  const known = knownFields(schema, path);
  const nearest = nearestName(key, known);
  const field = quoted(key);
  if (nearest !== null) return `unknown field ${field}; the nearest known one is "${nearest}"`;
  if (known.length === 0) return `unknown field ${field}`;
  return `unknown field ${field}; known here: ${known.join(', ')}`;
}

/** Names of the fields that the schema knows at `path`. */
export function knownFields(schema: z.ZodType, path: SpecPath): string[] {
  const json: unknown = z.toJSONSchema(schema, { io: 'input' });
  let current: unknown = json;
  for (const part of path) {
    const steps = alternatives(current).map((option) =>
      typeof part === 'number'
        ? option['items']
        : (asRecord(option['properties'])[part] ?? option['additionalProperties']),
    );
    current = steps.find((step) => typeof step === 'object' && step !== null);
  }
  return alternatives(current).flatMap((option) => Object.keys(asRecord(option['properties'])));
}

function alternatives(schema: unknown): Record<string, unknown>[] {
  const record = asRecord(schema);
  const options = record['anyOf'];
  return Array.isArray(options) ? options.map(asRecord) : [record];
}

function asRecord(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}

function wrongType(expected: string, seen: unknown): string {
  if (seen === undefined || seen === null) return `is required: ${typeWord(expected)}`;
  const quote = expected === 'string' && typeof seen !== 'object' ? '; put it in quotes' : '';
  return `expected ${typeWord(expected)}, found ${show(seen)}${quote}`;
}

function wrongValue(allowed: readonly string[], seen: unknown): string {
  const list = allowed.map((value) => JSON.stringify(value)).join(', ');
  if (seen === undefined || seen === null) return `is required: ${list}`;
  const nearest =
    typeof seen === 'string' && allowed.length > 1 ? nearestName(seen, allowed) : null;
  const hint = nearest === null ? '' : `; did you mean "${nearest}"?`;
  return `expected ${allowed.length > 1 ? 'one of ' : ''}${list}, found ${show(seen)}${hint}`;
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of fields',
  record: 'a map of names to values',
};

const typeWord = (expected: string): string => typeWords[expected] ?? expected;

/** A short, safe picture of a value. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map of fields';
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

export function valueAt(document: unknown, path: SpecPath): unknown {
  let current = document;
  for (const part of path) {
    if (current === null || typeof current !== 'object') return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}
