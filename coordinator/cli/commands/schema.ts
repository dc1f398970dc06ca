// `coordinator schema [PATH]`
import { clusterJsonSchema, describeSchema } from '../../spec/spec-schema.ts';
import type { CliIo } from '../cli-io.ts';
import { formatTable } from '../table.ts';

interface SchemaOptions {
  readonly path?: string;
  readonly json?: boolean;
}

export async function schema(options: SchemaOptions, io: CliIo): Promise<undefined> {
  if (options.json === true) {
    io.out(`${JSON.stringify(clusterJsonSchema(), null, 2)}\n`);
    return undefined;
  }
  const described = describeSchema(options.path ?? 'cluster');
  io.out(`${described.path}  ${described.type}\n`);
  if (described.description !== '') io.out(`  ${described.description}\n`);
  if (described.fields.length === 0) return undefined;
  const rows = described.fields.map((field) => [
    field.name,
    field.type,
    field.isRequired ? 'required' : field.defaultValue,
    field.description,
  ]);
  io.out(`\n${formatTable(['FIELD', 'TYPE', 'DEFAULT', 'WHAT IT IS'], rows)}`);
  return undefined;
}
