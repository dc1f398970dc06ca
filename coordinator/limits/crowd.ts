// Connections that are open, by whom they belong to, with a cap for each and for all. A full house puts
// out who has been there longest: of the one who is at its own cap, else of the greediest. So whoever
// holds connections open cannot keep a newcomer out, whose call takes a moment.

export interface Guest {
  /** Ends the connection. */
  end(): void;
}

export interface CrowdLimits {
  readonly each: number;
  readonly inAll: number;
}

export class Crowd<G extends Guest> {
  private readonly limits: CrowdLimits;
  /** In each, insertion order is order of age. */
  private readonly guests = new Map<string, Set<G>>();
  private count = 0;

  constructor(limits: CrowdLimits) {
    this.limits = limits;
  }

  enter(owner: string, guest: G): void {
    const own = this.guests.get(owner) ?? new Set<G>();
    this.guests.set(owner, own);
    own.add(guest);
    this.count += 1;
    if (own.size > this.limits.each) this.putOut(owner);
    else if (this.count > this.limits.inAll) this.putOut(this.greediest());
  }

  /** Nothing when it has left already. */
  leave(owner: string, guest: G): void {
    const own = this.guests.get(owner);
    if (own?.delete(guest) !== true) return;
    this.count -= 1;
    if (own.size === 0) this.guests.delete(owner);
  }

  all(): readonly G[] {
    return [...this.guests.values()].flatMap((own) => [...own]);
  }

  get size(): number {
    return this.count;
  }

  private putOut(owner: string): void {
    const [oldest] = this.guests.get(owner) ?? [];
    if (oldest === undefined) return;
    this.leave(owner, oldest);
    oldest.end();
  }

  private greediest(): string {
    let found = { owner: '', size: 0 };
    for (const [owner, { size }] of this.guests) if (size > found.size) found = { owner, size };
    return found.owner;
  }
}
