// The agent's content-addressed store: `sha256/<digest>`, each file complete and right, or not there.
// It fetches what is missing, several at once, the same one never twice; nothing that is here is
// fetched again.
//
// A finished file is renamed into place without an fsync of a gigabyte: after a crash nothing in the
// store counts as right until it was hashed once, by the first question about it.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { ArtifactReference } from '../../shared/model/step.ts';
import { backoffMs } from '../../shared/retry.ts';
import { type ArtifactSource, createSourceAgents, sourcesOf } from './artifact-source.ts';
import { createGate } from './gate.ts';
import { createSharedWork } from './shared-work.ts';
import { runTransfer } from './transfer.ts';

export interface FetchOptions {
  readonly signal: AbortSignal;
  /** Says how far it is, for people. */
  readonly progress: (sentence: string) => void;
}

export interface ArtifactStore {
  /** Where the artifact is, or would be. */
  path(reference: ArtifactReference): string;
  /** Whether it is here, complete and right. */
  has(reference: ArtifactReference): Promise<boolean>;
  /** Its path, fetched if need be. @throws AppError artifact; AbortError */
  fetch(reference: ArtifactReference, options: FetchOptions): Promise<string>;
}

export interface ArtifactStoreOptions {
  /** The folder that holds `sha256/`. */
  readonly directory: string;
  /** Coordinators' base URLs. */
  readonly sources: readonly string[];
  /** The fleet CA. */
  readonly caPem: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** @default 100 (about ten minutes); rounds over all sources without a byte gained */
  readonly rounds?: number;
  readonly random: () => number;
}

const AT_ONCE = 4;
const backoff = { firstMs: 500, maxMs: 8_000 };
/** A source that is cut again and again, each time after some bytes, is left for the others. */
const TRIES_IN_A_ROW = 20;
const PROGRESS_EVERY_MS = 1_000;

export function openArtifactStore(options: ArtifactStoreOptions): ArtifactStore {
  const { sources, log, clock, rounds = 100, random } = options;
  const directory = join(options.directory, 'sha256');
  const agents = createSourceAgents(options.caPem);
  const verified = new Map<string, number>();
  const gate = createGate(AT_ONCE);
  const shared = createSharedWork<string>();

  const path = (reference: ArtifactReference): string => join(directory, checkedDigest(reference));

  async function has(reference: ArtifactReference): Promise<boolean> {
    const file = path(reference);
    const found = await stat(file).catch(() => null);
    if (found === null) return false;
    if (verified.get(reference.sha256) === found.mtimeMs) return true;
    const isRight = found.size === reference.size && (await sha256Of(file)) === reference.sha256;
    if (!isRight) {
      log.warn(
        { artifact: reference.name, path: file },
        'a file of the artifact store is damaged: it is fetched again',
      );
      await rm(file, { force: true });
      return false;
    }
    verified.set(reference.sha256, found.mtimeMs);
    return true;
  }

  async function fetch(reference: ArtifactReference, wanted: FetchOptions): Promise<string> {
    if (await has(reference)) return path(reference);
    return await shared.run(reference.sha256, wanted.signal, async (signal) => {
      return await gate.pass(signal, async () => {
        if (!(await has(reference))) await download(reference, { ...wanted, signal });
        return path(reference);
      });
    });
  }

  async function download(reference: ArtifactReference, wanted: FetchOptions): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const candidates = sourcesOf(reference, sources, agents);
    const seen = new Map<ArtifactSource, string>();
    const useless = new Set<ArtifactSource>();
    for (let round = 1; round <= rounds && useless.size < candidates.length; round += 1) {
      for (const source of candidates) {
        if (useless.has(source)) continue;
        const end = await fromSource(reference, source, wanted);
        if (end === null) return;
        seen.set(source, end.saw);
        if (end.isFinal) useless.add(source);
        log.warn(
          { artifact: reference.name, source: source.url.href, saw: end.saw },
          'artifact not fetched',
        );
      }
      if (round === rounds || useless.size === candidates.length) break;
      const waitMs = backoffMs(round, backoff, random());
      wanted.progress(`waits to fetch ${reference.name} again: ${[...seen.values()].at(-1)}`);
      await clock.sleep(waitMs, wanted.signal);
    }
    throw notFetched(reference, seen, useless.size === candidates.length);
  }

  /** Asks one source until it has given all, or gives nothing more. Null: the artifact is in place. */
  async function fromSource(
    reference: ArtifactReference,
    source: ArtifactSource,
    wanted: FetchOptions,
  ): Promise<{ readonly saw: string; readonly isFinal: boolean } | null> {
    const partial = `${path(reference)}.partial`;
    const onBytes = progressOf(reference, source, wanted.progress);
    let hasStartedOver = false;
    for (let tries = 1; ; tries += 1) {
      wanted.signal.throwIfAborted();
      const { signal } = wanted;
      const end = await runTransfer({ reference, source, agents, partial, signal, onBytes });
      if (end.kind === 'complete') {
        await rename(partial, path(reference));
        verified.set(reference.sha256, (await stat(path(reference))).mtimeMs);
        return null;
      }
      if (end.kind === 'wrong') {
        // The part we resumed may be another source's fault: once more, from the first byte.
        if (!end.resumed || hasStartedOver) return { saw: end.saw, isFinal: true };
        hasStartedOver = true;
        continue;
      }
      if (end.gained === 0 || tries === TRIES_IN_A_ROW) return { saw: end.saw, isFinal: false };
      await clock.sleep(Math.round(backoffMs(1, backoff, random()) / 4), signal);
    }
  }

  function progressOf(
    reference: ArtifactReference,
    source: ArtifactSource,
    say: FetchOptions['progress'],
  ) {
    let lastMs = clock.boot();
    return (have: number): void => {
      if (clock.boot() - lastMs < PROGRESS_EVERY_MS) return;
      lastMs = clock.boot();
      const done = `${megabytes(have)} of ${megabytes(reference.size)} MB`;
      say(`fetches ${reference.name} ${reference.version} from ${source.url.host}: ${done}`);
    };
  }

  return { path, has, fetch };
}

/** The digest is a file's name: nothing else may pass as one. */
function checkedDigest(reference: ArtifactReference): string {
  if (/^[0-9a-f]{64}$/.test(reference.sha256)) return reference.sha256;
  throw new AppError(
    'invalid',
    `${reference.name} has no sha256 digest but ${JSON.stringify(reference.sha256)}`,
  );
}

function notFetched(
  reference: ArtifactReference,
  seen: ReadonlyMap<ArtifactSource, string>,
  isFinal: boolean,
): AppError {
  const each = [...seen].map(([source, saw]) => `${source.url.href} gave ${saw}`).join('; ');
  const mend = isFinal
    ? 'Every source has other bytes than the plan was signed for: on the coordinator `coordinator artifacts verify --lock FILE` says which file to delete and pull again; or write a new lock'
    : 'Check that the host reaches one of them; what was fetched is kept, and the next try goes on from there';
  return new AppError(
    'artifact',
    `${reference.name} ${reference.version} was not fetched: ${each}. ${mend}.`,
    {
      retryable: !isFinal,
      details: { artifact: reference.name, sha256: reference.sha256 },
    },
  );
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
