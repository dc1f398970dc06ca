// Packs built programs as their official release packs them: a bare binary, a gzipped archive, or
// an image. Compression is the quickest there is, because unpacking is what an install waits for.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type ArtifactRecipe, arch, type Packing } from './artifact-recipe.ts';
import { writeImageArchive } from './image-archive.ts';
import { readImageBase } from './image-base.ts';
import { type TarEntry, tarBytes } from './tar.ts';

export interface PackOptions {
  /** The new file that is written. */
  readonly draft: string;
  /** Directory of the programs that the compiler made. */
  readonly programs: string;
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
}

/** Writes the artifact and returns what identifies it. */
export async function packArtifact(
  artifact: ArtifactRecipe,
  options: PackOptions,
): Promise<{ readonly sha256: string; readonly size: number }> {
  const { packing } = artifact;
  const { draft, programs } = options;
  switch (packing.kind) {
    case 'binary':
      await copyFile(join(programs, packing.program), draft);
      await chmod(draft, 0o755);
      break;
    case 'archive':
      await pipeline(
        Readable.from(tarBytes(archiveEntries(packing, programs))),
        createGzip({ level: 1 }),
        createWriteStream(draft),
      );
      break;
    case 'image':
      await packImage(packing, options);
      break;
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(draft), hash);
  return { sha256: hash.digest('hex'), size: (await stat(draft)).size };
}

function archiveEntries(
  packing: Extract<Packing, { kind: 'archive' }>,
  programs: string,
): readonly TarEntry[] {
  return packing.programs.map((name) => programEntry(`${packing.folder}${name}`, programs, name));
}

async function packImage(
  packing: Extract<Packing, { kind: 'image' }>,
  { draft, programs, cacheDir, signal }: PackOptions,
): Promise<void> {
  const { program } = packing;
  const own =
    program === undefined
      ? []
      : [programEntry(program.path.replace(/^\//, ''), programs, program.name)];
  await writeImageArchive(draft, {
    reference: packing.reference,
    arch,
    entries: [...(await readImageBase(packing.base, { cacheDir, signal })), ...own],
    entrypoint: packing.entrypoint,
    command: packing.command,
  });
}

function programEntry(path: string, programs: string, name: string): TarEntry {
  return { kind: 'file', path, source: join(programs, name), mode: 0o755 };
}
