// What a program in dist/ was made of: the content of every file that went into it, and the Node
// around it. While that is the same the program is the same, and nothing has to be bundled to know it.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Beside the bundled files these decide what comes out. */
const alwaysInputs = [
  'package.json',
  'package-lock.json',
  'scripts/build-program.ts',
  'scripts/build-stamp.ts',
  'scripts/programs.ts',
  'scripts/single-executable.ts',
];

export interface BuildStamp {
  readonly node: string;
  /** SHA-256 by path below the project's root. */
  readonly files: Readonly<Record<string, string>>;
  /** Of the bundle and of how it is wrapped. */
  readonly code: string;
  readonly bytes: number;
}

/** @param bundled paths below the project's root */
export async function stampOf(
  bundled: readonly string[],
  made: { readonly code: string; readonly bytes: number },
): Promise<BuildStamp> {
  const paths = [...new Set([...alwaysInputs, ...bundled])].sort();
  const digests = await Promise.all(paths.map(async (path) => [path, await digestOf(path)]));
  return { node: await nodeIdentity(), files: Object.fromEntries(digests), ...made };
}

/** True when nothing has changed and the program is there as it was made. */
export async function isStillSo(stamp: BuildStamp, program: string): Promise<boolean> {
  if (stamp.node !== (await nodeIdentity())) return false;
  if ((await stat(program).catch(() => null))?.size !== stamp.bytes) return false;
  if (alwaysInputs.some((path) => stamp.files[path] === undefined)) return false;
  const same = Object.entries(stamp.files).map(
    async ([path, digest]) => (await digestOf(path)) === digest,
  );
  return (await Promise.all(same)).every(Boolean);
}

/** Null when there is none that can be read. */
export async function readStamp(path: string): Promise<BuildStamp | null> {
  try {
    const stamp = JSON.parse(await readFile(path, 'utf8')) as Partial<BuildStamp>;
    return stamp.files === undefined ? null : (stamp as BuildStamp);
  } catch {
    return null;
  }
}

/** Of what the program is a copy of, and what names it. */
export async function nodeIdentity(): Promise<string> {
  const { size, mtimeMs } = await stat(process.execPath);
  return `${process.version} ${process.arch} ${size} ${mtimeMs}`;
}

/** Empty when there is no such file. */
async function digestOf(path: string): Promise<string> {
  const content = await readFile(join(root, path)).catch(() => null);
  return content === null ? '' : createHash('sha256').update(content).digest('hex');
}
