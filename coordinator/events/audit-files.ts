// The files of an audit log: the one that is written to, and those that were full, named after the last
// line in them. Read in order they are one log.
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { type Break, type ChainOptions, readChain, type Whole } from './audit-chain.ts';

const digits = 12;

/** `audit.log` becomes `audit-000000001234.log`. */
export const fullFile = (path: string, lastSeq: number): string =>
  join(dirname(path), `${stemOf(path)}-${String(lastSeq).padStart(digits, '0')}.log`);

export const headFile = (path: string): string => join(dirname(path), `${stemOf(path)}.head`);

const stemOf = (path: string): string => basename(path).replace(/\.log$/, '');

/** The full files beside it, oldest first. */
export async function fullFiles(path: string): Promise<readonly string[]> {
  const form = new RegExp(`^${stemOf(path)}-\\d{${digits}}\\.log$`);
  const files = await readdir(dirname(path)).catch(() => []);
  return files
    .filter((file) => form.test(file))
    .sort()
    .map((file) => join(dirname(path), file));
}

export interface ReadLog {
  readonly check: Whole | Break;
  /** The file in which a break is, and its line there. */
  readonly file: string;
  readonly fileLine: number;
  /** Behind the last whole line: being written just now, or left by a power cut. */
  readonly unfinishedBytes: number;
}

/** A line that is longer is nobody's: no version wrote one. */
const longestLineBytes = 64 * 1024 * 1024;

/** Streams; ends at the first break. @throws AppError not-found */
export async function readAuditFiles(
  files: readonly string[],
  options: ChainOptions = {},
): Promise<ReadLog> {
  const reader = readChain(options);
  let unfinishedBytes = 0;
  let at = { file: files[0] ?? '', fileLine: 0 };
  for (const file of files) {
    at = { file, fileLine: 0 };
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of streamOf(file)) {
      let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = data.indexOf(0x0a); end >= 0; end = data.indexOf(0x0a)) {
        at = { file, fileLine: at.fileLine + 1 };
        const broken = reader.take(data.subarray(0, end));
        if (broken !== null) return { check: broken, ...at, unfinishedBytes: 0 };
        data = data.subarray(end + 1);
      }
      rest = data;
      if (rest.length > longestLineBytes) {
        throw new AppError('invalid', `${file} has a line of more than 64 MiB: it is no audit log`);
      }
    }
    unfinishedBytes = rest.length;
  }
  return { check: reader.end(), ...at, unfinishedBytes };
}

async function* streamOf(file: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(file)) yield chunk as Buffer;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'ENOENT') throw new AppError('not-found', `there is no file ${file}`, { cause });
    throw new AppError('usage', `${file} cannot be read: ${code}`, { cause });
  }
}
