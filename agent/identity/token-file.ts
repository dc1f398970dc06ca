// The join token's file: read, never argv; removed and forgotten once the identity is on disk.
import { readFile } from 'node:fs/promises';
import { AppError } from '../../shared/errors.ts';
import { type JoinToken, parseJoinToken } from '../../shared/join-token.ts';
import { isMissing, readIfThere, removeDurably } from '../durable-file.ts';

/** `-` is standard input. @throws AppError usage, never with the text of the token. */
export async function readTokenFile(path: string): Promise<JoinToken> {
  if (path === '-') return parseJoinToken(await readStandardInput());
  try {
    return parseJoinToken(await readFile(path, 'utf8'));
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new AppError('usage', `there is no token file at ${path}`, { cause });
  }
}

/** Null when there is no token file. @throws AppError usage when it holds something else. */
export async function readTokenIfThere(path: string): Promise<JoinToken | null> {
  const text = await readIfThere(path);
  return text === null ? null : parseJoinToken(text.toString('utf8'));
}

export async function removeTokenFile(path: string): Promise<void> {
  if (path !== '-') await removeDurably(path);
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
