// The SHA-256 of a file from the checksum files that releases publish: the sum alone, or lines of
// `sum  name`. Pure.
import { AppError } from '../../shared/errors.ts';

/** @throws AppError artifact when the text has no sum for `file`. */
export function sumFrom(text: string, file: string, url: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const rows = lines.flatMap((line) => {
    const match = /^([0-9a-fA-F]{64})(?:\s+[*]?(.+))?$/.exec(line);
    return match === null ? [] : [{ sum: (match[1] ?? '').toLowerCase(), name: match[2] ?? null }];
  });
  const named = rows.find((row) => row.name !== null && baseName(row.name) === file);
  const only = rows.length === 1 && rows[0]?.name === null ? rows[0] : undefined;
  const found = named ?? only;
  if (found !== undefined) return found.sum;
  throw new AppError('artifact', `${url} has no SHA-256 for ${file}: nothing was taken`);
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
