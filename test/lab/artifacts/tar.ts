// Writes tar archives whose bytes depend on nothing but names, modes and contents: sorted, owned by
// root, with no time. So the same inputs have the same digest on every machine.
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';

export type TarEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'text'; readonly path: string; readonly text: string; readonly mode: number }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly source: string;
      readonly mode: number;
    };

type EntryHeader = Parameters<Pack['entry']>[0];

const largeChunkBytes = 1 << 20;

/** The bytes of an archive of the entries, in the order of their paths. */
export async function* tarBytes(entries: readonly TarEntry[]): AsyncGenerator<Buffer> {
  const archive = pack();
  const written = writeAll(archive, entries).catch((error: Error) => archive.destroy(error));
  for await (const chunk of archive) yield chunk as Buffer;
  await written;
}

async function writeAll(archive: Pack, entries: readonly TarEntry[]): Promise<void> {
  for (const entry of [...entries].sort(byPath)) await write(archive, entry);
  archive.finalize();
}

async function write(archive: Pack, entry: TarEntry): Promise<void> {
  const name = entry.kind === 'directory' ? `${entry.path}/` : entry.path;
  const header = { name, uid: 0, gid: 0, mtime: new Date(0) };
  switch (entry.kind) {
    case 'directory':
      archive.entry({ ...header, type: 'directory', mode: 0o755 });
      break;
    case 'link':
      archive.entry({ ...header, type: 'symlink', mode: 0o777, linkname: entry.target });
      break;
    case 'text':
      archive.entry({ ...header, mode: entry.mode }, entry.text);
      break;
    case 'file':
      await writeFile(archive, entry.source, { ...header, mode: entry.mode });
      break;
  }
}

/** A file that changes in size meanwhile is an error of the archive. */
async function writeFile(archive: Pack, source: string, header: EntryHeader): Promise<void> {
  const { size } = await lstat(source);
  const content = createReadStream(source, { highWaterMark: largeChunkBytes });
  await pipeline(content, archive.entry({ ...header, size }));
}

/** Entries of everything below a directory that can be in an image. */
export async function readTree(root: string, below = ''): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  for (const name of await readdir(join(root, below))) {
    const path = below === '' ? name : `${below}/${name}`;
    const source = join(root, path);
    const status = await lstat(source);
    if (status.isSymbolicLink()) {
      entries.push({ kind: 'link', path, target: await readlink(source) });
    } else if (status.isDirectory()) {
      entries.push({ kind: 'directory', path }, ...(await readTree(root, path)));
    } else if (status.isFile()) {
      entries.push({ kind: 'file', path, source, mode: status.mode & 0o777 });
    }
  }
  return entries;
}

/** Adds the directories above each entry that no entry stands for. */
export function withParents(entries: readonly TarEntry[]): readonly TarEntry[] {
  const paths = new Set(entries.map((entry) => entry.path));
  const parents: TarEntry[] = [];
  for (const { path } of entries) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const parent = parts.slice(0, depth).join('/');
      if (paths.has(parent)) continue;
      paths.add(parent);
      parents.push({ kind: 'directory', path: parent });
    }
  }
  return [...entries, ...parents];
}

function byPath(a: TarEntry, b: TarEntry): number {
  if (a.path === b.path) return 0;
  return a.path < b.path ? -1 : 1;
}
