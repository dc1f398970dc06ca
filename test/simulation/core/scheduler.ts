// The one order of everything: events by simulated time, one after another. An event runs, then all
// that follows from it without waiting, then the next. Nothing else may wait for anything.
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * All that follows without waiting has run by then: promises until there is none left, and whatever
 * others put off to the next tick. A turn of the event loop would ask the kernel for news each time,
 * and a world has none to come from there.
 */
const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** Whoever else lives in this thread, such as the one that runs the tests, has a turn now and then. */
const turnEvery = 256;

export interface Scheduled {
  cancel(): void;
}

/** Whom an event belongs to: one that is dead gets nothing any more, one that is frozen later. */
export interface Owner {
  readonly isAlive: boolean;
  /** Simulated time until which nothing of it runs. */
  readonly frozenUntilMs: number;
}

interface Entry {
  atMs: number;
  order: number;
  run: (() => void) | null;
  readonly owner: Owner | null;
}

export class Scheduler {
  /** Milliseconds since the world began. */
  nowMs = 0;
  /** Events that ran. */
  count = 0;
  private readonly heap: Entry[] = [];
  private order = 0;

  /** @param owner null: of the world itself */
  schedule(afterMs: number, owner: Owner | null, run: () => void): Scheduled {
    const entry = { atMs: this.nowMs + Math.max(0, afterMs), order: this.order, run, owner };
    this.order += 1;
    this.push(entry);
    return {
      cancel: () => {
        entry.run = null as unknown as () => void;
      },
    };
  }

  /** Until `isOver` says so or the time is up. True when it was over. */
  async run(untilMs: number, isOver: () => boolean): Promise<boolean> {
    await nextTurn();
    while (!isOver()) {
      const entry = this.pop();
      if (entry === null || entry.atMs > untilMs) {
        if (entry !== null) this.push(entry);
        this.nowMs = Math.max(this.nowMs, untilMs);
        return false;
      }
      const { run, owner } = entry;
      if (run === null || owner?.isAlive === false) continue;
      this.nowMs = Math.max(this.nowMs, entry.atMs);
      if (owner !== null && owner.frozenUntilMs > this.nowMs) {
        entry.atMs = owner.frozenUntilMs;
        this.push(entry);
        continue;
      }
      this.count += 1;
      run();
      await (this.count % turnEvery === 0 ? nextTurn() : settled());
    }
    return true;
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (isBefore(heap[up] as Entry, entry)) break;
      heap[at] = heap[up] as Entry;
      at = up;
    }
    heap[at] = entry;
  }

  private pop(): Entry | null {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = at * 2 + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && isBefore(heap[down + 1] as Entry, heap[down] as Entry))
        down += 1;
      if (isBefore(last, heap[down] as Entry)) break;
      heap[at] = heap[down] as Entry;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (a: Entry, b: Entry): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
