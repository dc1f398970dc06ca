// Where the chain of a log ends that is opened again, and whether that is where it was.
import { open } from 'node:fs/promises';
import { AppError } from '../../shared/errors.ts';
import { fullFiles, readAuditFiles } from './audit-files.ts';
import type { HeadStore } from './audit-head.ts';
import { type ChainEnd, digestOfLine, GENESIS, parseLine } from './audit-line.ts';
import { type AuditTail, readTail } from './audit-tail.ts';

/** Null when there is no whole line. @throws AppError internal when the last one is no entry */
export function endOf({ line }: AuditTail, path: string): ChainEnd | null {
  if (line === null) return null;
  const parsed = parseLine(line);
  if (parsed !== null) return { seq: parsed.seq, digest: digestOfLine(line) };
  throw new AppError(
    'internal',
    `the last line of ${path} is not an audit entry: look at it, then move the file away`,
  );
}

/** For a file that has no line yet. */
export async function endOfFullFiles(path: string): Promise<ChainEnd> {
  const newest = (await fullFiles(path)).at(-1);
  return newest === undefined ? { seq: 0, digest: GENESIS } : await endOfFile(newest);
}

export async function endOfFile(path: string): Promise<ChainEnd> {
  const file = await open(path, 'r');
  try {
    return endOf(await readTail(file), path) ?? { seq: 0, digest: GENESIS };
  } finally {
    await file.close();
  }
}

/** Null when the log reaches what was remembered of it. */
export async function missingTail(
  path: string,
  end: ChainEnd,
  head: HeadStore,
): Promise<Readonly<Record<string, unknown>> | null> {
  const remembered = await head.read();
  if (remembered === null || remembered.seq === 0) return null;
  const { seq, digest } = remembered;
  if (seq === end.seq && digest === end.digest) return null;
  const missing = { remembered: seq, digest, found: end.seq };
  if (seq >= end.seq) return missing;
  // Lines written since it was remembered: it has to be among the newest.
  const files = [...(await fullFiles(path)).slice(-1), path];
  const { check } = await readAuditFiles(files, { heads: [remembered], isPart: true });
  return check.kind === 'broken' ? { ...missing, reason: check.reason } : null;
}
