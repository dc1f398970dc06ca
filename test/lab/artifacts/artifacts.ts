// Builds the artifacts of a cluster from their sources and lays them out as a directory of official
// releases: <name>/<version>/<arch>/<file>, with an index of digests. What is there and made by the
// same recipe is never made again; versions of Kubernetes lie side by side.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../machine/exists.ts';
import { withLock } from '../machine/lock.ts';
import {
  compilerPackages,
  ensureSystemPackages,
  rootfsPackages,
} from '../machine/system-packages.ts';
import { defaultCacheDir } from '../paths.ts';
import { type ArtifactRecipe, arch, type BuildRecipe } from './artifact-recipe.ts';
import { everyRecipe, recipesFor } from './artifact-recipes.ts';
import { compile, demandGo, readSources } from './compile.ts';
import { baseDigest } from './image-base.ts';
import { demandImageTags } from './image-tags.ts';
import { packArtifact } from './pack.ts';

/** Sources and compiled packages of one program, and a share of what it becomes. */
const diskBytesPerCommand = 0.6e9;
/** What has to be left for the hosts that run it. */
const diskBytesLeft = 10e9;
/** Raised when the same recipe gives artifacts that a host would see a difference in. */
const packingRevision = 2;

export interface ArtifactIndexEntry {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  /** Path below the directory of the artifacts. */
  readonly file: string;
  readonly kind: 'binary' | 'archive' | 'image';
  /** Images only: the name that pods and units use. */
  readonly reference?: string;
  readonly sha256: string;
  readonly size: number;
}

export interface BuildArtifactsOptions {
  /** For example v1.37.1: one of those in kubernetes-releases.ts. */
  readonly kubernetes: string;
  /** @default MUSTER_CACHE, else /var/cache/muster-lab */
  readonly cacheDir?: string;
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface BuiltArtifacts {
  readonly directory: string;
  /** Of everything in the directory, also what another version of Kubernetes needs. */
  readonly index: readonly ArtifactIndexEntry[];
}

/** What is remembered of an artifact that was made: by which recipe, and what came out. */
interface ArtifactRecord {
  readonly key: string;
  readonly entry: ArtifactIndexEntry;
}

interface Work {
  readonly recipe: BuildRecipe;
  readonly key: string;
}

/** Makes what is missing for one version of Kubernetes and returns the whole index. */
export async function buildArtifacts(options: BuildArtifactsOptions): Promise<BuiltArtifacts> {
  const recipes = recipesFor(options.kubernetes);
  const cacheDir = options.cacheDir ?? defaultCacheDir();
  const log = options.log ?? (() => {});
  const { signal } = options;
  const directory = join(cacheDir, 'artifacts');
  const indexPath = join(directory, 'index.json');
  if ((await findWork(cacheDir, recipes)).length === 0 && (await exists(indexPath))) {
    return readArtifactIndex(directory);
  }
  return withLock({ path: join(cacheDir, 'artifacts.lock'), log, signal }, async () => {
    const work = await findWork(cacheDir, recipes);
    if (work.length > 0) await demandMeans({ work, cacheDir, log, signal });
    const total = work.flatMap(({ recipe }) => recipe.artifacts).length;
    let done = 0;
    for (const item of work) {
      const started = Date.now();
      log(`building ${item.recipe.title}`);
      const outputDir = join(cacheDir, 'build', item.key);
      await rm(outputDir, { recursive: true, force: true });
      await compile(item.recipe, { outputDir, log, signal });
      const kubeadm = item.recipe.artifacts.find(({ name }) => name === 'kubeadm');
      if (kubeadm !== undefined) {
        await demandImageTags(join(outputDir, kubeadm.name), kubeadm.version, recipes);
      }
      for (const artifact of item.recipe.artifacts) {
        await makeArtifact({ artifact, key: item.key, cacheDir, programs: outputDir, signal });
        done += 1;
        const seconds = Math.round((Date.now() - started) / 1000);
        log(`${artifact.name} ${artifact.version} built in ${seconds} s (${done}/${total})`);
      }
      await rm(outputDir, { recursive: true, force: true });
    }
    const index = await readRecordedIndex(cacheDir);
    await mkdir(directory, { recursive: true });
    await writeWhole(indexPath, `${JSON.stringify(index, undefined, 2)}\n`);
    return { directory, index };
  });
}

/** What was built earlier, without looking whether that is still what the recipes say. */
export async function readArtifactIndex(directory: string): Promise<BuiltArtifacts> {
  const path = join(directory, 'index.json');
  if (!(await exists(path))) return { directory, index: [] };
  const index = JSON.parse(await readFile(path, 'utf8')) as readonly ArtifactIndexEntry[];
  return { directory, index };
}

/** Recipes of which an artifact is missing, damaged in size, or was made by another recipe. */
async function findWork(
  cacheDir: string,
  recipes: readonly BuildRecipe[],
): Promise<readonly Work[]> {
  const work: Work[] = [];
  for (const recipe of recipes) {
    const key = await recipeKey(recipe);
    const records = recipe.artifacts.map((artifact) => readRecord(cacheDir, artifact));
    const isMade = (await Promise.all(records)).every((record) => record?.key === key);
    if (!isMade) work.push({ recipe, key });
  }
  return work;
}

async function recipeKey(recipe: BuildRecipe): Promise<string> {
  const bases = recipe.artifacts.map(({ packing }) =>
    packing.kind === 'image' ? baseDigest(packing.base) : '',
  );
  const parts = [packingRevision, recipe, bases, await readSources(recipe.compiler)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}

interface Means {
  readonly work: readonly Work[];
  readonly cacheDir: string;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** What building takes is looked at before the first minute of it is spent. */
async function demandMeans({ work, cacheDir, log, signal }: Means): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const { bavail, bsize } = await statfs(cacheDir);
  const free = bavail * bsize;
  const builds = work.flatMap(({ recipe: { compiler } }) =>
    compiler.kind === 'go' ? [compiler] : [],
  );
  const [first] = builds;
  if (first !== undefined) {
    await demandGo(first.module);
    const commands = builds.flatMap((build) => build.commands).length;
    const needed = commands * diskBytesPerCommand + diskBytesLeft;
    if (free < needed) {
      const gigabytes = (bytes: number): string => `${Math.ceil(bytes / 1e9)} GB`;
      throw new Error(
        `building the lab's artifacts and running them needs ${gigabytes(needed)} and ${gigabytes(free)} are free in ${cacheDir}: free some or set MUSTER_CACHE to a larger disk`,
      );
    }
  }
  const packages = [...compilerPackages, ...rootfsPackages];
  await ensureSystemPackages({ packages, log, signal });
}

interface Making {
  readonly artifact: ArtifactRecipe;
  readonly key: string;
  readonly cacheDir: string;
  readonly programs: string;
  readonly signal: AbortSignal | undefined;
}

async function makeArtifact(making: Making): Promise<void> {
  const { artifact, key, cacheDir, programs, signal } = making;
  const { name, version, packing } = artifact;
  const fileName = packing.kind === 'image' ? 'image.tar' : packing.file;
  const file = `${name}/${version}/${arch}/${fileName}`;
  const target = join(cacheDir, 'artifacts', file);
  await mkdir(join(target, '..'), { recursive: true });
  const draft = `${target}.draft`;
  const made = await packArtifact(artifact, { draft, programs, cacheDir, signal });
  await rename(draft, target);
  const entry: ArtifactIndexEntry = {
    name,
    version,
    arch,
    file,
    kind: packing.kind,
    ...(packing.kind === 'image' ? { reference: packing.reference } : {}),
    ...made,
  };
  const record: ArtifactRecord = { key, entry };
  const recordPath = pathOfRecord(cacheDir, artifact);
  await mkdir(join(recordPath, '..'), { recursive: true });
  await writeWhole(recordPath, JSON.stringify(record));
}

async function readRecord(
  cacheDir: string,
  artifact: ArtifactRecipe,
): Promise<ArtifactRecord | undefined> {
  const path = pathOfRecord(cacheDir, artifact);
  if (!(await exists(path))) return undefined;
  const record = JSON.parse(await readFile(path, 'utf8')) as ArtifactRecord;
  const target = join(cacheDir, 'artifacts', record.entry.file);
  if (!(await exists(target)) || (await stat(target)).size !== record.entry.size) return undefined;
  return record;
}

async function readRecordedIndex(cacheDir: string): Promise<readonly ArtifactIndexEntry[]> {
  const artifacts = everyRecipe.flatMap((recipe) => recipe.artifacts);
  const records = await Promise.all(artifacts.map((artifact) => readRecord(cacheDir, artifact)));
  const entries = records.flatMap((record) => (record === undefined ? [] : [record.entry]));
  return entries.sort((a, b) => (a.file < b.file ? -1 : 1));
}

function pathOfRecord(cacheDir: string, { name, version }: ArtifactRecipe): string {
  return join(cacheDir, 'artifact-records', `${name}-${version}.json`);
}

async function writeWhole(path: string, content: string): Promise<void> {
  await writeFile(`${path}.draft`, content);
  await rename(`${path}.draft`, path);
}

/** Path of the kubectl of a version. */
export function builtKubectl({ directory, index }: BuiltArtifacts, kubernetes: string): string {
  const entry = index.find(({ name, version }) => name === 'kubectl' && version === kubernetes);
  if (entry === undefined) throw new Error(`${directory} has no kubectl ${kubernetes}`);
  return join(directory, entry.file);
}
