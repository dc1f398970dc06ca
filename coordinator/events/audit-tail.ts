// The end of an audit log that is opened again: its last whole line, however long that is, and how much
// of a further one a power cut left.
import type { FileHandle } from 'node:fs/promises';

/** As much of an open file as the log needs. */
export type AuditFile = Pick<
  FileHandle,
  'stat' | 'read' | 'truncate' | 'appendFile' | 'datasync' | 'close'
>;

export interface AuditTail {
  /** Without its line break; null when there is no whole line. */
  readonly line: string | null;
  /** Of the file, up to the end of that line. */
  readonly bytes: number;
  /** Behind it. */
  readonly tornBytes: number;
}

const chunkBytes = 64 * 1024;
const newline = 0x0a;

export async function readTail(file: AuditFile): Promise<AuditTail> {
  const { size } = await file.stat();
  const end = (await lastNewlineBefore(file, size)) + 1;
  if (end === 0) return { line: null, bytes: 0, tornBytes: size };
  const start = (await lastNewlineBefore(file, end - 1)) + 1;
  const line = Buffer.alloc(end - 1 - start);
  await file.read(line, 0, line.length, start);
  return { line: line.toString('utf8'), bytes: end, tornBytes: size - end };
}

/** -1 when there is none. */
async function lastNewlineBefore(file: AuditFile, before: number): Promise<number> {
  const chunk = Buffer.alloc(chunkBytes);
  for (let to = before; to > 0; to -= chunkBytes) {
    const from = Math.max(0, to - chunkBytes);
    const { bytesRead } = await file.read(chunk, 0, to - from, from);
    const at = chunk.subarray(0, bytesRead).lastIndexOf(newline);
    if (at >= 0) return from + at;
  }
  return -1;
}
