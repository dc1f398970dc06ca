// Makes a program in dist/ unless it is there already: esbuild bundles it to CommonJS, which goes into
// a copy of Node. Beside it a .build.json says what it was made of.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { isStillSo, nodeIdentity, readStamp, stampOf } from './build-stamp.ts';
import type { Program } from './programs.ts';
import { makeSingleExecutable } from './single-executable.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

export interface BuiltProgram {
  readonly path: string;
  /** Null when it was there. */
  readonly made: { readonly bytes: number; readonly codeBytes: number } | null;
}

/** @throws Error when it does not bundle, or holds a package that it must not */
export async function buildProgram(
  program: Program,
  say: (line: string) => void,
): Promise<BuiltProgram> {
  const path = join(dist, program.output);
  const stampPath = `${path}.build.json`;
  const before = await readStamp(stampPath);
  if (before !== null && (await isStillSo(before, path))) return { path, made: null };
  await mkdir(dist, { recursive: true });
  const { code, metafile } = await bundled(program);
  refuseForbidden(program, metafile);
  const wrapping = await readFile(join(import.meta.dirname, 'single-executable.ts'));
  const digest = createHash('sha256').update(wrapping).update(code).digest('hex');
  const present = await stat(path).catch(() => null);
  // An input that changed may still make the same code, a comment for example.
  const isSame =
    before?.code === digest &&
    before.node === (await nodeIdentity()) &&
    present?.size === before.bytes;
  if (!isSame) await makeProgram(path, code, say);
  const { size } = await stat(path);
  const stamp = await stampOf(inputsOf(metafile), { code: digest, bytes: size });
  await writeFile(`${stampPath}.${process.pid}`, `${JSON.stringify(stamp)}\n`);
  await rename(`${stampPath}.${process.pid}`, stampPath);
  return { path, made: isSame ? null : { bytes: size, codeBytes: code.length } };
}

/** Two builds at once get in each other's way nowhere but in who is last. */
async function makeProgram(
  path: string,
  code: Uint8Array,
  say: (line: string) => void,
): Promise<void> {
  const draft = `${path}.${process.pid}`;
  const bundle = `${draft}.cjs`;
  try {
    await writeFile(bundle, code);
    await makeSingleExecutable(bundle, draft, say);
    await rename(draft, path);
  } finally {
    await rm(bundle, { force: true });
  }
}

async function bundled(program: Program): Promise<{ code: Uint8Array; metafile: Metafile }> {
  const { build } = await import('esbuild');
  const result = await build({
    absWorkingDir: root,
    entryPoints: [program.entry],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    write: false,
    outfile: `dist/${program.output}.cjs`,
    metafile: true,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    loader: { '.html': 'text', '.css': 'text' },
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error(`esbuild gave no output for ${program.entry}`);
  return { code: file.contents, metafile: result.metafile };
}

/** Paths below the root; what esbuild left empty on purpose has a name in brackets and no file. */
function inputsOf(metafile: Metafile): readonly string[] {
  return Object.keys(metafile.inputs).filter((path) => !path.startsWith('('));
}

/** What the small program has to stay without. */
function refuseForbidden(program: Program, metafile: Metafile): void {
  const inputs = Object.keys(metafile.inputs);
  const found = program.without.filter((name) =>
    inputs.some((input) => input.includes(`node_modules/${name}/`)),
  );
  if (found.length > 0) throw new Error(`${program.name} must not contain ${found.join(', ')}`);
}
