// Which starts of an agent have polled for a node. Every start has an id of its own, so one that polls
// again after another did is a second agent with the same identity, or its polls are late: those of a
// start that is dead may come after the first ones of the next. So two are two only when they poll in
// turn, three times, and longer than a poll can be under way; the older one is refused meanwhile.
import type { Clock } from '../../shared/clock.ts';

export interface InstanceTold {
  readonly instanceId: string;
  readonly poll: number;
  /** Of the caller, without port. */
  readonly address: string;
}

export type InstanceVerdict =
  | { readonly kind: 'current' }
  /** Another start has polled since: perhaps only late, so it is to ask again. */
  | { readonly kind: 'returned' }
  | { readonly kind: 'two'; readonly addresses: readonly [string, string] };

export interface Instances {
  see(nodeId: string, told: InstanceTold): InstanceVerdict;
  /** Addresses that the node was heard from, newest first. */
  addresses(nodeId: string): readonly string[];
  /** An operator has looked at it: what polls next is the one. */
  forget(nodeId: string): void;
}

const strikesOfCopy = 3;
const betweenStrikesMs = 1_000;
/** No poll of a start that is dead comes later: an agent waits 25 s for an answer. */
const latestMs = 30_000;
/** A start that is silent for so long is dead, and the other one is who lives. */
const silentMs = 20_000;
const pastKept = 8;

interface Past {
  poll: number;
  address: string;
  strikes: number;
  strikeBootMs: number;
  /** When another start took its place. */
  readonly replacedBootMs: number;
}

interface Entry {
  current: InstanceTold;
  currentBootMs: number;
  /** The current one has polled since an older one did: that one is not all there is. */
  hasPolledSince: boolean;
  /** By instance id, oldest first. */
  readonly past: Map<string, Past>;
}

export function createInstances(clock: Pick<Clock, 'boot'>): Instances {
  const entries = new Map<string, Entry>();

  const become = (entry: Entry, told: InstanceTold): void => {
    entry.current = told;
    entry.currentBootMs = clock.boot();
    entry.hasPolledSince = false;
  };

  const replace = (entry: Entry, told: InstanceTold): void => {
    const { instanceId, poll, address } = entry.current;
    entry.past.delete(told.instanceId);
    entry.past.set(instanceId, {
      poll,
      address,
      strikes: 0,
      strikeBootMs: Number.NEGATIVE_INFINITY,
      replacedBootMs: clock.boot(),
    });
    for (const oldest of entry.past.keys()) {
      if (entry.past.size <= pastKept) break;
      entry.past.delete(oldest);
    }
    become(entry, told);
  };

  /** A poll of a start whose place another has taken. */
  const judge = (entry: Entry, past: Past, told: InstanceTold): InstanceVerdict => {
    // The same message once more tells nothing.
    if (told.poll <= past.poll) return { kind: 'returned' };
    past.poll = told.poll;
    past.address = told.address;
    const now = clock.boot();
    if (now - entry.currentBootMs >= silentMs) {
      replace(entry, told);
      return { kind: 'current' };
    }
    if (!entry.hasPolledSince || now - past.strikeBootMs < betweenStrikesMs) {
      return { kind: 'returned' };
    }
    past.strikes += 1;
    past.strikeBootMs = now;
    entry.hasPolledSince = false;
    const mayBeLate = now - past.replacedBootMs < latestMs;
    if (past.strikes < strikesOfCopy || mayBeLate) return { kind: 'returned' };
    return { kind: 'two', addresses: [entry.current.address, told.address] };
  };

  return {
    see(nodeId, told) {
      const entry = entries.get(nodeId);
      if (entry === undefined) {
        const currentBootMs = clock.boot();
        const past = new Map<string, Past>();
        entries.set(nodeId, { current: told, currentBootMs, hasPolledSince: false, past });
        return { kind: 'current' };
      }
      const { current } = entry;
      if (current.instanceId === told.instanceId) {
        if (told.poll <= current.poll) return { kind: 'current' };
        become(entry, told);
        entry.hasPolledSince = true;
        return { kind: 'current' };
      }
      const past = entry.past.get(told.instanceId);
      if (past !== undefined) return judge(entry, past, told);
      replace(entry, told);
      return { kind: 'current' };
    },
    addresses(nodeId) {
      const entry = entries.get(nodeId);
      if (entry === undefined) return [];
      const past = [...entry.past.values()].map(({ address }) => address);
      return [entry.current.address, ...past.reverse()];
    },
    forget(nodeId) {
      entries.delete(nodeId);
    },
  };
}
