// The disk of a host, under the agent's StateDisk port. What a call has done survives; of what is
// under way when the power goes any part may be there that the port allows; when only the process
// goes, a call has happened or it has not. It can be full.
import { basename, dirname } from 'node:path';
import type { StateDisk, StateFile } from '../../../agent/state-disk.ts';
import type { Chance } from './chance.ts';
import type { Life } from './life.ts';
import type { Scheduler } from './scheduler.ts';

interface Change {
  readonly life: Life;
  /** How much of it is done: 0 to 1. */
  readonly carryOut: (share: number) => void;
  isOpen: boolean;
}

export interface Written {
  readonly path: string;
  readonly bytes: Buffer;
  readonly position: number;
}

export class HostDisk {
  readonly files = new Map<string, Buffer>();
  readonly directories = new Set(['/']);
  isFull = false;
  /** Before a write is carried out: who hears of it may kill its process. */
  onWriting: (written: Written) => void = () => undefined;
  /** What was written for good, as it was. */
  onWritten: (written: Written) => void = () => undefined;
  private readonly underWay = new Set<Change>();
  private readonly scheduler: Scheduler;
  private readonly chance: Chance;

  constructor(scheduler: Scheduler, chance: Chance) {
    this.scheduler = scheduler;
    this.chance = chance;
  }

  /** How many calls the power would cut now. */
  get busy(): number {
    return this.underWay.size;
  }

  cutPower(): void {
    for (const change of this.underWay) this.settle(change, this.chance.fraction());
  }

  /** The process is gone; its calls were made, or not. */
  leave(life: Life): void {
    for (const change of this.underWay) {
      if (change.life === life) this.settle(change, this.chance.happens(0.5) ? 1 : 0);
    }
  }

  /** As one process sees it. */
  of(life: Life): StateDisk {
    return {
      read: async (path) => {
        await life.after(this.chance.between(0.02, 0.3));
        const file = this.files.get(path);
        return file === undefined ? null : Buffer.from(file);
      },
      list: async (directory) => {
        await life.after(this.chance.between(0.02, 0.3));
        if (!this.directories.has(directory)) return null;
        const paths = [...this.files.keys(), ...this.directories];
        const names = paths.filter((path) => path !== '/' && dirname(path) === directory);
        return names.map((path) => basename(path)).sort();
      },
      makeDirectory: (path) => this.makeDirectory(life, path),
      allocate: (path, size) =>
        this.change(life, { path, needsSpace: true }, (share) => {
          // A name that was never synced is not there; one that was may have lost its length.
          if (share > 0.1) this.files.set(path, Buffer.alloc(Math.round(share * size)));
        }),
      replace: (path, content) => {
        const bytes = Buffer.from(content);
        return this.change(life, { path, needsSpace: true }, (share) => {
          if (share > 0.5) this.files.set(path, bytes);
        });
      },
      remove: (path) =>
        this.change(life, { path: '/x' }, (share) => {
          if (share > 0.5) this.files.delete(path);
        }),
      move: (from, into) =>
        this.change(life, { path: `${into}/x` }, (share) => {
          if (share > 0.5) this.moveNow(from, into);
        }),
      open: (path) => this.open(life, path),
    };
  }

  private async open(life: Life, path: string): Promise<StateFile> {
    await life.after(this.chance.between(0.02, 0.2));
    if (!this.files.has(path)) throw new Error(`ENOENT: there is no ${path}`);
    const close = async (): Promise<void> => undefined;
    return {
      write: (data, position) => {
        const bytes = Buffer.from(data);
        return this.change(
          life,
          { path: '/x' },
          (share) => {
            this.writeNow(path, bytes.subarray(0, Math.round(share * bytes.length)), position);
            if (share === 1) this.onWritten({ path, bytes, position });
          },
          () => this.onWriting({ path, bytes, position }),
        );
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  private makeDirectory(life: Life, path: string): Promise<void> {
    const missing: string[] = [];
    for (let up = path; !this.directories.has(up); up = dirname(up)) missing.unshift(up);
    return this.change(life, { path: '/x' }, (share) => {
      for (const one of missing.slice(0, Math.round(share * missing.length))) {
        this.directories.add(one);
      }
    });
  }

  private async change(
    life: Life,
    needs: { readonly path: string; readonly needsSpace?: boolean },
    carryOut: (share: number) => void,
    before?: () => void,
  ): Promise<void> {
    if (!this.directories.has(dirname(needs.path)))
      throw new Error(`ENOENT: there is no ${dirname(needs.path)}`);
    const ms = this.chance.between(0.1, 3);
    if (needs.needsSpace === true && this.isFull) {
      await life.after(ms);
      throw Object.assign(new Error(`ENOSPC: no space left on device, ${needs.path}`), {
        code: 'ENOSPC',
      });
    }
    const change: Change = { life, carryOut, isOpen: true };
    this.underWay.add(change);
    await life.hears(
      new Promise<void>((resolve) => {
        this.scheduler.schedule(ms, null, () => {
          // Cut off meanwhile: nobody is there to hear.
          if (change.isOpen) before?.();
          if (!change.isOpen) return;
          this.settle(change, 1);
          resolve();
        });
      }),
    );
  }

  private settle(change: Change, share: number): void {
    change.isOpen = false;
    this.underWay.delete(change);
    change.carryOut(share);
  }

  private writeNow(path: string, bytes: Buffer, position: number): void {
    const file = this.files.get(path) ?? Buffer.alloc(0);
    const isLonger = position + bytes.length > file.length;
    const next = isLonger
      ? Buffer.concat([file, Buffer.alloc(position + bytes.length - file.length)])
      : file;
    bytes.copy(next, position);
    this.files.set(path, next);
  }

  private moveNow(from: string, into: string): void {
    const isBelow = (path: string): boolean => path === from || path.startsWith(`${from}/`);
    const target = (path: string): string => `${into}/${basename(from)}${path.slice(from.length)}`;
    for (const [path, bytes] of [...this.files].filter(([name]) => isBelow(name))) {
      this.files.delete(path);
      this.files.set(target(path), bytes);
    }
    for (const path of [...this.directories].filter(isBelow)) {
      this.directories.delete(path);
      this.directories.add(target(path));
    }
  }
}
