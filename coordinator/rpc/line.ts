// The line before the door. A handshake costs milliseconds of the one thread that also answers polls,
// so connections wait here for theirs, at a steady rate, every source in its turn: who comes a thousand
// times waits behind itself, and who comes once is next.
import type { Clock } from '../../shared/clock.ts';
import { createBuckets, type Rate } from '../limits/buckets.ts';
import type { Guest } from '../limits/crowd.ts';

export interface LineLimits {
  /** Let in. */
  readonly rate: Rate;
  /** Waiting, of one source: who comes beyond that is sent away. */
  readonly each: number;
  /** Waiting, of all: beyond it the last of the longest line is sent away. */
  readonly inAll: number;
}

const lookAgainMs = 10;

export class Line<G extends Guest> {
  private readonly limits: LineLimits;
  private readonly letIn: (guest: G) => void;
  private readonly buckets;
  /** The source whose turn it is stands first. */
  private readonly waiting = new Map<string, G[]>();
  private count = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(limits: LineLimits, clock: Pick<Clock, 'boot'>, letIn: (guest: G) => void) {
    this.limits = limits;
    this.letIn = letIn;
    this.buckets = createBuckets(limits.rate, clock, 1);
  }

  join(source: string, guest: G): void {
    const own = this.waiting.get(source) ?? [];
    if (own.length >= this.limits.each) {
      guest.end();
      return;
    }
    if (this.count >= this.limits.inAll) this.shorten();
    own.push(guest);
    this.waiting.set(source, own);
    this.count += 1;
    this.serve();
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    for (const guest of [...this.waiting.values()].flat()) guest.end();
    this.waiting.clear();
    this.count = 0;
  }

  private shorten(): void {
    let longest: G[] = [];
    for (const own of this.waiting.values()) if (own.length > longest.length) longest = own;
    longest.pop()?.end();
    this.count -= 1;
  }

  /** Lets in who may come now; it asks itself again. */
  serve(): void {
    for (;;) {
      const [next] = this.waiting;
      if (next === undefined) return;
      if (this.buckets.take('') === 0) break;
      const [source, own] = next;
      const guest = own.shift();
      this.waiting.delete(source);
      if (own.length > 0) this.waiting.set(source, own);
      if (guest === undefined) continue;
      this.count -= 1;
      this.letIn(guest);
    }
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.serve();
    }, lookAgainMs);
    this.timer.unref();
  }
}
