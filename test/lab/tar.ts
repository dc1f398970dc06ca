// Writes tar archives whose bytes depend on nothing but names, modes and contents: sorted, owned by
// root, with no time. So the same inputs have the same digest on every machine.
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

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

const blockBytes = 512;
const typeFlags = { file: '0', text: '0', link: '2', directory: '5' } as const;

/** The bytes of an archive of the entries, in the order of their paths. */
export async function* tarBytes(entries: readonly TarEntry[]): AsyncGenerator<Buffer> {
  for (const entry of [...entries].sort(byPath)) yield* entryBytes(entry);
  yield Buffer.alloc(2 * blockBytes);
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

async function* entryBytes(entry: TarEntry): AsyncGenerator<Buffer> {
  if (entry.kind === 'text') {
    const content = Buffer.from(entry.text);
    yield header(entry, content.length);
    yield Buffer.concat([content, padding(content.length)]);
  } else if (entry.kind === 'file') {
    const { size } = await lstat(entry.source);
    yield header(entry, size);
    let written = 0;
    for await (const chunk of createReadStream(entry.source, { highWaterMark: 1 << 20 })) {
      const bytes = chunk as Buffer;
      written += bytes.length;
      yield bytes;
    }
    if (written !== size) throw new Error(`${entry.source} changed while it was archived`);
    yield padding(size);
  } else {
    yield header(entry, 0);
  }
}

/** A ustar header; see POSIX pax, "ustar Interchange Format". */
function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  const { name, prefix } = splitPath(entry.kind === 'directory' ? `${entry.path}/` : entry.path);
  block.write(name, 0);
  block.write(octal(modeOf(entry), 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write('        ', 148);
  block.write(typeFlags[entry.kind], 156);
  if (entry.kind === 'link') {
    if (Buffer.byteLength(entry.target) > 100) throw new Error(`link too long: ${entry.target}`);
    block.write(entry.target, 157);
  }
  block.write('ustar\0' + '00', 257, 'latin1');
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return block;
}

function modeOf(entry: TarEntry): number {
  if (entry.kind === 'directory') return 0o755;
  return entry.kind === 'link' ? 0o777 : entry.mode;
}

/** A path longer than 100 bytes goes into two fields, cut at a slash. */
function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  for (let cut = path.indexOf('/'); cut !== -1; cut = path.indexOf('/', cut + 1)) {
    const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)];
    if (name !== '' && Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) {
      return { name, prefix };
    }
  }
  throw new Error(`path too long for an archive: ${path}`);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function padding(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}

function byPath(a: TarEntry, b: TarEntry): number {
  if (a.path === b.path) return 0;
  return a.path < b.path ? -1 : 1;
}
