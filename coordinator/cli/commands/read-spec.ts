// A spec file from disk or standard input, with its faults in the compiler's form.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { AppError } from '../../../shared/errors.ts';
import type { ClusterSpec } from '../../spec/cluster-spec.ts';
import { formatFault, parseSpec } from '../../spec/parse-spec.ts';
import type { CliIo } from '../cli-io.ts';

export interface ReadSpec {
  readonly text: string;
  readonly name: string;
  readonly spec: ClusterSpec;
}

/** @throws AppError not-found, invalid with one line per fault */
export async function readSpec(file: string, io: CliIo): Promise<ReadSpec> {
  const content = file === '-' ? await text(process.stdin) : await readTextFile(file, io);
  const parsed = parseSpec(content);
  if (parsed.kind === 'ok') return { text: content, name: parsed.name, spec: parsed.spec };
  const label = file === '-' ? 'stdin' : file;
  const lines = parsed.faults.map((fault) => formatFault(label, fault));
  const count = lines.length === 1 ? '1 fault' : `${lines.length} faults`;
  throw new AppError('invalid', `${label} has ${count}; nothing was changed\n${lines.join('\n')}`);
}

/** @throws AppError not-found, usage */
export async function readTextFile(file: string, io: CliIo): Promise<string> {
  try {
    return await readFile(resolve(io.cwd, file), 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'ENOENT') throw new AppError('not-found', `there is no file ${file}`, { cause });
    if (code === 'EISDIR')
      throw new AppError('usage', `${file} is a directory: name a file`, { cause });
    throw new AppError('usage', `${file} cannot be read: ${code}`, { cause });
  }
}
