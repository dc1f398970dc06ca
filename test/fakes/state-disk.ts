// A StateDisk in memory whose power can be cut: what a call has done is kept, of what was under way
// any part may be there that the port allows. A disk that lost its power answers nobody any more.
import { basename, dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StateDisk, StateFile } from '../../agent/state-disk.ts';

/** Something that is being done: `share` of it, from 0 to 1, can be carried out. */
type Change = (share: number) => void;

export interface FakeDiskOptions {
  /** Each call ends when this does. @default the next turn of the event loop */
  readonly delay?: () => Promise<void>;
}

export class FakeDisk implements StateDisk {
  readonly files: Map<string, Buffer>;
  readonly directories: Set<string>;
  /** The next calls that change something fail with these, one each: a full or a broken disk. */
  readonly failures: Error[] = [];
  private readonly underWay = new Set<Change>();
  private readonly delay: () => Promise<void>;
  private hasPower = true;

  constructor(options: FakeDiskOptions = {}, left?: FakeDisk) {
    this.delay = options.delay ?? (async () => await nextTurn());
    this.files = new Map(left?.files);
    this.directories = new Set(left?.directories ?? ['/']);
  }

  /** How many calls are being carried out. */
  get busy(): number {
    return this.underWay.size;
  }

  /**
   * Cuts the power: of each call under way the share that `chance` says is done. Gives the disk as it
   * is when the machine starts again; this one never answers again.
   */
  cutPower(chance: () => number, options: FakeDiskOptions = {}): FakeDisk {
    this.hasPower = false;
    for (const change of this.underWay) change(chance());
    return new FakeDisk(options, this);
  }

  async read(path: string): Promise<Buffer | null> {
    await this.turn();
    const file = this.files.get(path);
    return file === undefined ? null : Buffer.from(file);
  }

  async list(directory: string): Promise<readonly string[] | null> {
    await this.turn();
    if (!this.directories.has(directory)) return null;
    const paths = [...this.files.keys(), ...this.directories];
    const names = paths.filter((path) => path !== '/' && dirname(path) === directory);
    return names.map((path) => basename(path)).sort();
  }

  async makeDirectory(path: string): Promise<void> {
    const missing: string[] = [];
    for (let up = path; !this.directories.has(up); up = dirname(up)) missing.unshift(up);
    await this.carryOut((share) => {
      const made = missing.slice(0, Math.round(share * missing.length));
      for (const one of made) this.directories.add(one);
    });
  }

  async allocate(path: string, size: number): Promise<void> {
    this.mustHaveDirectory(path);
    await this.carryOut((share) => {
      // A name that was never synced is not there; one that was may have lost its length.
      if (share > 0.1) this.files.set(path, Buffer.alloc(Math.round(share * size)));
    });
  }

  async replace(path: string, content: string | Uint8Array): Promise<void> {
    this.mustHaveDirectory(path);
    const bytes = Buffer.from(content);
    await this.carryOut((share) => {
      if (share > 0.5) this.files.set(path, bytes);
    });
  }

  async remove(path: string): Promise<void> {
    await this.carryOut((share) => {
      if (share > 0.5) this.files.delete(path);
    });
  }

  async move(from: string, into: string): Promise<void> {
    this.mustHaveDirectory(`${into}/x`);
    const isBelow = (path: string): boolean => path === from || path.startsWith(`${from}/`);
    const target = (path: string): string => `${into}/${basename(from)}${path.slice(from.length)}`;
    await this.carryOut((share) => {
      if (share <= 0.5) return;
      for (const [path, bytes] of [...this.files].filter(([name]) => isBelow(name))) {
        this.files.delete(path);
        this.files.set(target(path), bytes);
      }
      for (const path of [...this.directories].filter(isBelow)) {
        this.directories.delete(path);
        this.directories.add(target(path));
      }
    });
  }

  async open(path: string): Promise<StateFile> {
    await this.turn();
    if (!this.files.has(path)) throw new Error(`ENOENT: there is no ${path}`);
    const close = async (): Promise<void> => undefined;
    return {
      write: async (bytes, position) => await this.write(path, Buffer.from(bytes), position),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  private async write(path: string, bytes: Buffer, position: number): Promise<void> {
    await this.carryOut((share) => {
      const file = this.files.get(path) ?? Buffer.alloc(0);
      const written = bytes.subarray(0, Math.round(share * bytes.length));
      const size = Math.max(file.length, position + written.length);
      const next = Buffer.concat([file, Buffer.alloc(size - file.length)]);
      written.copy(next, position);
      this.files.set(path, next);
    });
  }

  private async carryOut(change: Change): Promise<void> {
    const failure = this.failures.shift();
    this.underWay.add(change);
    await this.turn();
    this.underWay.delete(change);
    if (failure !== undefined) throw failure;
    change(1);
  }

  /** Comes back only while there is power. */
  private async turn(): Promise<void> {
    if (this.hasPower) await this.delay();
    if (!this.hasPower) await new Promise<never>(() => undefined);
  }

  private mustHaveDirectory(path: string): void {
    if (!this.directories.has(dirname(path)))
      throw new Error(`ENOENT: there is no ${dirname(path)}`);
  }
}
