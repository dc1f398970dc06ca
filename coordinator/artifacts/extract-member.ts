// One member out of an archive on the disk into a file of its own.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { AppError } from '../../shared/errors.ts';
import { plainName, readTarMembers, type TarMember } from '../../shared/tar.ts';

export interface Extraction {
  readonly archive: string;
  /** With or without a leading `./`. */
  readonly member: string;
  readonly to: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** @throws AppError artifact when there is no such member. */
export async function extractMember(extraction: Extraction): Promise<void> {
  const { archive, member, to, maxBytes, signal } = extraction;
  let found: ReadonlySet<string>;
  try {
    found = await readTarMembers({
      chunks: createReadStream(archive, { highWaterMark: 1024 * 1024 }),
      names: new Set([plainName(member)]),
      maxBytes,
      signal,
      onMember: async (taken) => await writeMember(taken, to),
    });
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    throw new AppError(thrown.code, `${archive}: ${thrown.message}`, { cause: thrown });
  }
  if (found.size === 0) throw new AppError('artifact', `${archive} has no member ${member}`);
}

async function writeMember({ content }: TarMember, to: string): Promise<void> {
  const file = await open(to, 'w', 0o600);
  try {
    for await (const piece of content) await file.writeFile(piece);
  } finally {
    await file.close();
  }
}
