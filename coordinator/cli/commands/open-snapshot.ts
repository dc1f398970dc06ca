// `coordinator etcd snapshot open FILE --key FILE --out DIR`: on any machine, without a coordinator. The
// folder has its name only when every byte in it is what was sealed.
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { openSnapshot } from '../../../shared/sealed-snapshot/open-snapshot.ts';
import type { CliIo } from '../cli-io.ts';
import { formatSize } from '../columns.ts';

interface OpenOptions {
  readonly file: string;
  readonly key: string;
  readonly out: string;
}

export async function openCommand(options: OpenOptions, io: CliIo): Promise<undefined> {
  const out = resolve(io.cwd, options.out);
  const key = await readKey(resolve(io.cwd, options.key));
  const file = resolve(io.cwd, options.file);
  if ((await stat(out).catch(() => null)) !== null)
    throw new AppError('usage', `${options.out} is there already: name a folder that is not`);
  if ((await stat(file).catch(() => null)) === null)
    throw new AppError('not-found', `there is no file ${options.file}`);
  const partial = `${out}.partial`;
  await mkdir(partial, { mode: 0o700 });
  try {
    const { header, files } = await openSnapshot(createReadStream(file), key);
    for await (const { name, bytes, content } of files()) {
      await write(join(partial, name), content);
      io.out(`${join(options.out, name)}  ${formatSize(bytes)}\n`);
    }
    await rename(partial, out);
    io.err(
      `snapshot ${header.id} of cluster ${header.cluster}, sealed to ${header.key}: everything in it is as it was sealed. These are the cluster’s keys: remove ${options.out} when you are done\n`,
    );
  } catch (thrown) {
    await rm(partial, { recursive: true, force: true });
    if (!(thrown instanceof AppError)) throw thrown;
    throw new AppError(thrown.code, `${options.file}: ${thrown.message}`, { cause: thrown });
  }
  return undefined;
}

async function write(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await using file = await open(path, 'wx', 0o600);
  for await (const piece of content) await file.writeFile(piece);
  await file.sync();
}

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AppError('not-found', `the recovery key ${path} cannot be read`, { cause });
  }
}
