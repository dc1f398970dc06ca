// `coordinator artifacts lock|pull|list|verify`: on the coordinator's machine, straight on its store.
import { writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { resolve } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { ArtifactProgress } from '../../artifacts/artifact-progress.ts';
import { ArtifactStore } from '../../artifacts/artifact-store.ts';
import { type Architecture, architectures } from '../../artifacts/catalogue.ts';
import { lockFaults, parseLock } from '../../artifacts/check-lock.ts';
import { lockDirectory } from '../../artifacts/directory-source.ts';
import type { FetchDependencies } from '../../artifacts/fetch-artifact.ts';
import type { ArtifactLock } from '../../artifacts/lock.ts';
import { lockOfficial } from '../../artifacts/official-source.ts';
import { pullLock } from '../../artifacts/pull.ts';
import { parseReleaseBases } from '../../artifacts/release-bases.ts';
import { dataPaths } from '../../keys/paths.ts';
import type { ArtifactDocument } from '../../operator/documents.ts';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, dataDirOf } from '../connection.ts';
import { exitCode } from '../exit-codes.ts';
import { formatDocuments, parseFormat } from '../output.ts';
import { readSpec, readTextFile } from './read-spec.ts';

interface BaseOptions extends ConnectionOptions {
  readonly base?: readonly string[];
}

interface LockOptions extends BaseOptions {
  readonly file: string;
  readonly output: string;
  readonly arch?: string;
}

interface StoreOptions extends BaseOptions {
  readonly lock: string;
}

export async function lockCommand(options: LockOptions, io: CliIo): Promise<undefined> {
  const { spec } = await readSpec(options.file, io);
  const deps = dependencies(options, io);
  const { version } = spec.kubernetes;
  const { source, directory } = spec.artifacts;
  const lock =
    source === 'directory' && directory !== undefined
      ? await lockDirectory(directory, version)
      : await lockOfficial(
          {
            kubernetesVersion: version,
            architectures: parseArchitectures(options.arch),
            onProgress: progressTo(io),
          },
          deps,
        );
  const faults = lockFaults(lock, version);
  if (faults.length > 0) throw new AppError('refused', faults.join('\n'));
  await writeFile(resolve(io.cwd, options.output), `${JSON.stringify(lock, null, 2)}\n`);
  io.out(`${options.output}\n`);
  io.err(
    `${lock.artifacts.length} artifacts locked; keep the file beside ${options.file} and give it to apply with --lock\n`,
  );
  return undefined;
}

export async function pullCommand(options: StoreOptions, io: CliIo): Promise<undefined> {
  const deps = dependencies(options, io);
  const lock = await readLock(options, io);
  const { fetched, present } = await pullLock(lock, progressTo(io), deps);
  io.out(`${fetched} fetched, ${present} were there\n`);
  return undefined;
}

export async function listCommand(
  options: StoreOptions & { readonly output: string },
  io: CliIo,
): Promise<undefined> {
  const format = parseFormat(options.output);
  const lock = await readLock(options, io);
  const stored = await storeOf(options, io).list();
  const documents = lock.artifacts.map(
    ({ kind, ...artifact }): ArtifactDocument => ({
      ...artifact,
      kind: 'Artifact',
      type: kind,
      cluster: '',
      stored: stored.has(artifact.sha256),
      labels: {},
    }),
  );
  io.out(
    formatDocuments(documents, { kind: 'artifacts', format, now: io.clock.now(), isSingle: false }),
  );
  return undefined;
}

export async function verifyCommand(options: StoreOptions, io: CliIo): Promise<number | undefined> {
  const lock = await readLock(options, io);
  const store = storeOf(options, io);
  let bad = 0;
  for (const artifact of lock.artifacts) {
    const integrity = await store.verify(artifact.sha256);
    if (integrity === 'right') continue;
    bad += 1;
    const way =
      integrity === 'wrong' ? `delete ${store.pathOf(artifact.sha256)} and pull again` : 'pull it';
    io.out(`${artifact.name} ${artifact.version} (${artifact.arch}): ${integrity}; ${way}\n`);
  }
  io.err(
    bad === 0
      ? `all ${lock.artifacts.length} artifacts are right\n`
      : `${bad} of ${lock.artifacts.length} artifacts are not right\n`,
  );
  return bad === 0 ? undefined : exitCode.failed;
}

async function readLock(options: StoreOptions, io: CliIo): Promise<ArtifactLock> {
  return parseLock(await readTextFile(options.lock, io), options.lock);
}

const storeOf = (options: ConnectionOptions, io: CliIo): ArtifactStore =>
  new ArtifactStore(dataPaths(resolve(io.cwd, dataDirOf(options, io))).artifacts);

function dependencies(options: BaseOptions, io: CliIo): FetchDependencies {
  return {
    store: storeOf(options, io),
    bases: parseReleaseBases(options.base ?? []),
    fetch,
    clock: io.clock,
    random: Math.random,
    signal: io.signal,
  };
}

/** @throws AppError usage */
function parseArchitectures(text: string | undefined): readonly Architecture[] {
  if (text === undefined) return [arch() === 'arm64' ? 'arm64' : 'amd64'];
  return text.split(',').map((part) => {
    const found = architectures.find((candidate) => candidate === part.trim());
    if (found !== undefined) return found;
    throw new AppError(
      'usage',
      `--arch ${JSON.stringify(text)}: expected ${architectures.join(', ')} or both`,
    );
  });
}

const progressTo =
  (io: CliIo) =>
  (progress: ArtifactProgress): void => {
    const { name, version, arch: architecture, state, done, total } = progress;
    if (state === 'present') return;
    io.err(`[${done}/${total}] ${state} ${name} ${version} (${architecture})\n`);
  };
