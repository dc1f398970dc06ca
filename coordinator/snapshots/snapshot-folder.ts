// The coordinator's copies of snapshots: CLUSTER/ID.sealed, each complete and of the digest that its plan
// names, or not there. What has come of one so far is ID.DIGEST.partial beside it.
//
// INVARIANTS
// - Bytes are taken only where the file ends, and none beyond the size that the plan names.
// - One writer at a time: a newer one ends the older, whose connection may be dead without a word.
// - The disk keeps a reserve: what the coordinator itself has to write down comes first.
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { SnapshotDisk } from './snapshot-disk.ts';

/** What a plan names. */
export interface UploadTarget {
  readonly cluster: string;
  readonly id: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface Piece {
  readonly start: number;
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
  /** Ends `content`, also one of which nothing comes any more. */
  readonly cancel: () => void;
}

export type PieceEnd =
  /** All of it is there, and right. */
  | { readonly kind: 'complete' }
  /** So many bytes are there now. */
  | { readonly kind: 'stored'; readonly offset: number }
  /** It does not begin where the file ends. */
  | { readonly kind: 'elsewhere'; readonly offset: number }
  | { readonly kind: 'too-long' }
  /** Everything came and is something else: it was thrown away. */
  | { readonly kind: 'wrong-digest'; readonly seen: string }
  | { readonly kind: 'no-room'; readonly freeBytes: number };

export interface SnapshotFolder {
  /** Bytes that are there. */
  offset(target: UploadTarget): Promise<number>;
  /** @throws what reading `content` or writing fails with; what had come is kept */
  take(target: UploadTarget, piece: Piece): Promise<PieceEnd>;
  /** Of a cluster only these have a place here. */
  keepOnly(cluster: string, ids: readonly string[]): Promise<void>;
  pathOf(cluster: string, id: string): string;
}

export interface SnapshotFolderOptions {
  readonly directory: string;
  readonly disk: SnapshotDisk;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
}

const SEALED = '.sealed';
const PARTIAL = '.partial';
const reserveBytes = 1024 * 1024 * 1024;
/** What nobody went on with for so long is thrown away. */
const abandonedMs = 24 * 3_600_000;

const isFull = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC';

export function createSnapshotFolder(options: SnapshotFolderOptions): SnapshotFolder {
  const { directory, disk, clock, log } = options;
  const writers = new Map<string, { readonly end: () => void; readonly over: Promise<unknown> }>();
  const folderOf = (cluster: string): string => join(directory, cluster);
  const pathOf = (cluster: string, id: string): string => join(folderOf(cluster), `${id}${SEALED}`);
  const partialOf = ({ cluster, id, sha256 }: UploadTarget): string =>
    join(folderOf(cluster), `${id}.${sha256}${PARTIAL}`);
  const isThere = async (target: UploadTarget): Promise<boolean> =>
    (await disk.stat(pathOf(target.cluster, target.id)))?.bytes === target.bytes;

  const cameOf = async (target: UploadTarget): Promise<number> =>
    (await disk.stat(partialOf(target)))?.bytes ?? 0;

  const offset = async (target: UploadTarget): Promise<number> => {
    if (await isThere(target)) return target.bytes;
    const came = await cameOf(target);
    if (came < target.bytes) return came;
    // All of it came, and nobody has compared it: whoever took it is at it, or ended with the coordinator.
    await inTurn(target, { end: () => undefined }, async () => {
      if ((await cameOf(target)) >= target.bytes) await finish(target);
    });
    return (await isThere(target)) ? target.bytes : 0;
  };

  /** One at a time of the same upload. */
  const inTurn = async <T>(
    target: UploadTarget,
    { end }: { readonly end: () => void },
    work: () => Promise<T>,
  ): Promise<T> => {
    const key = partialOf(target);
    for (;;) {
      const before = writers.get(key);
      if (before === undefined) break;
      before.end();
      await before.over;
    }
    const working = work();
    writers.set(key, { end, over: working.catch(() => undefined).then(() => writers.delete(key)) });
    return await working;
  };

  const write = async (
    target: UploadTarget,
    piece: Piece,
    isEnded: () => boolean,
  ): Promise<PieceEnd> => {
    if (await isThere(target)) return { kind: 'complete' };
    const at = await cameOf(target);
    if (at >= target.bytes) return await finish(target);
    if (piece.start !== at) return { kind: 'elsewhere', offset: at };
    if (piece.start + piece.bytes > target.bytes) return { kind: 'too-long' };
    await disk.makeFolder(folderOf(target.cluster));
    const freeBytes = await disk.freeBytes(folderOf(target.cluster));
    if (freeBytes < target.bytes - at + reserveBytes) return { kind: 'no-room', freeBytes };
    let came: number;
    try {
      came = await append(partialOf(target), piece, isEnded);
    } catch (thrown) {
      if (!isFull(thrown)) throw thrown;
      // What others took meanwhile: the coordinator's own records need what is left.
      await disk.remove(partialOf(target));
      return { kind: 'no-room', freeBytes: await disk.freeBytes(folderOf(target.cluster)) };
    }
    const now = at + came;
    if (came > piece.bytes || now > target.bytes) {
      await disk.remove(partialOf(target));
      return { kind: 'too-long' };
    }
    return now < target.bytes ? { kind: 'stored', offset: now } : await finish(target);
  };

  /** @returns how much came, of which nothing beyond what was said is written */
  const append = async (path: string, piece: Piece, isEnded: () => boolean): Promise<number> => {
    const file = await disk.openEnd(path);
    let came = 0;
    try {
      for await (const chunk of piece.content) {
        if (isEnded()) break;
        came += chunk.length;
        if (came > piece.bytes) break;
        await file.write(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return came;
  };

  const finish = async (target: UploadTarget): Promise<PieceEnd> => {
    const partial = partialOf(target);
    const seen = await disk.sha256(partial);
    if (seen !== target.sha256) {
      await disk.remove(partial);
      return { kind: 'wrong-digest', seen };
    }
    await disk.rename(partial, pathOf(target.cluster, target.id));
    return { kind: 'complete' };
  };

  return {
    pathOf,
    offset,
    async take(target, piece) {
      let isEnded = false;
      const end = (): void => {
        isEnded = true;
        piece.cancel();
      };
      return await inTurn(target, { end }, async () => await write(target, piece, () => isEnded));
    },
    async keepOnly(cluster, ids) {
      const kept = new Set(ids);
      for (const name of await disk.list(folderOf(cluster))) {
        const path = join(folderOf(cluster), name);
        if (name.endsWith(SEALED) && kept.has(name.slice(0, -SEALED.length))) continue;
        if (name.endsWith(PARTIAL) && (writers.has(path) || (await isYoung(path)))) continue;
        log.info({ path }, 'a copy of a snapshot is removed');
        await disk.remove(path);
      }
    },
  };

  async function isYoung(path: string): Promise<boolean> {
    const found = await disk.stat(path);
    return found !== null && found.mtimeMs > clock.now() - abandonedMs;
  }
}
