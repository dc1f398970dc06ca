// `coordinator schema cluster.spec.rollout`: what a field of cluster.yaml is, from the JSON Schema that
// zod emits. Pure.
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { clusterDocumentSchema } from './cluster-spec.ts';
import { nearestName } from './nearest.ts';

export interface FieldDescription {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  /** JSON text, or null when there is none. */
  readonly defaultValue: string | null;
  readonly description: string;
}

export interface SchemaDescription {
  readonly path: string;
  readonly type: string;
  readonly description: string;
  readonly fields: readonly FieldDescription[];
}

type Json = Readonly<Record<string, unknown>>;

/** The whole JSON Schema, for editors. */
export function clusterJsonSchema(): Json {
  return z.toJSONSchema(clusterDocumentSchema, { io: 'input' }) as Json;
}

/** @param path for example cluster.spec.pools. @throws AppError not-found, naming the nearest field. */
export function describeSchema(path: string): SchemaDescription {
  const [root = '', ...parts] = path.split('.').map((part) => part.replace(/\[\d*\]$/, ''));
  if (root !== 'cluster') {
    throw new AppError(
      'not-found',
      `no schema "${root}": paths begin with cluster, for example cluster.spec.pools`,
    );
  }
  let current: Json = clusterJsonSchema();
  let walked = 'cluster';
  for (const part of parts) {
    const fields = fieldsOf(current);
    const next = fields[part];
    if (next === undefined) {
      const known = Object.keys(fields);
      const nearest = nearestName(part, known);
      const hint =
        nearest === null
          ? `known: ${known.join(', ') || 'none'}`
          : `did you mean ${walked}.${nearest}?`;
      throw new AppError('not-found', `${walked} has no field "${part}"; ${hint}`);
    }
    current = next;
    walked = `${walked}.${part}`;
  }
  return {
    path: walked,
    type: typeOf(current),
    description: textOf(current['description']),
    fields: Object.entries(fieldsOf(current)).map(([name, field]) => ({
      name,
      type: typeOf(field),
      isRequired: requiredOf(current).includes(name),
      defaultValue: 'default' in field ? JSON.stringify(field['default']) : null,
      description: textOf(field['description']),
    })),
  };
}

/** Fields of a map; of the items of a list; of the map among alternatives. */
function fieldsOf(schema: Json): Readonly<Record<string, Json>> {
  const target = objectIn(schema);
  return (target['properties'] ?? {}) as Record<string, Json>;
}

function requiredOf(schema: Json): readonly string[] {
  const required = objectIn(schema)['required'];
  return Array.isArray(required) ? required.map(String) : [];
}

function objectIn(schema: Json): Json {
  if (schema['type'] === 'array') return objectIn(asJson(schema['items']));
  const options = schema['anyOf'];
  if (!Array.isArray(options)) return schema;
  return options.map(asJson).find((option) => option['type'] === 'object') ?? schema;
}

function typeOf(schema: Json): string {
  const options = schema['anyOf'];
  if (Array.isArray(options)) return options.map((option) => typeOf(asJson(option))).join(' or ');
  if (schema['const'] !== undefined) return JSON.stringify(schema['const']);
  if (Array.isArray(schema['enum']))
    return schema['enum'].map((value) => JSON.stringify(value)).join(' | ');
  if (schema['type'] === 'array') return `list of ${typeOf(asJson(schema['items']))}`;
  if (schema['type'] !== 'object') return textOf(schema['type']) || 'anything';
  if (schema['properties'] !== undefined) return 'map';
  return `map of ${typeOf(asJson(schema['additionalProperties']))}`;
}

const asJson = (value: unknown): Json =>
  value !== null && typeof value === 'object' ? (value as Json) : {};
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
