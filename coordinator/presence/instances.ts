// Which starts of an agent have polled for a node. Every start has an id of its own, so one that polls
// again after another did is a second agent with the same identity. A poll that was under way when its
// agent ended may come late: so it takes three in a row, seconds apart, and each is refused meanwhile.
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
const pastKept = 8;

interface Past {
  poll: number;
  address: string;
  strikes: number;
  strikeBootMs: number;
}

interface Entry {
  current: InstanceTold;
  /** By instance id, oldest first. */
  readonly past: Map<string, Past>;
}

export function createInstances(clock: Pick<Clock, 'boot'>): Instances {
  const entries = new Map<string, Entry>();

  const replace = (entry: Entry, told: InstanceTold): void => {
    const { instanceId, poll, address } = entry.current;
    entry.past.set(instanceId, {
      poll,
      address,
      strikes: 0,
      strikeBootMs: Number.NEGATIVE_INFINITY,
    });
    for (const oldest of entry.past.keys()) {
      if (entry.past.size <= pastKept) break;
      entry.past.delete(oldest);
    }
    entry.current = told;
  };

  return {
    see(nodeId, told) {
      const entry = entries.get(nodeId);
      if (entry === undefined) {
        entries.set(nodeId, { current: told, past: new Map() });
        return { kind: 'current' };
      }
      if (entry.current.instanceId === told.instanceId) {
        if (told.poll > entry.current.poll) entry.current = told;
        return { kind: 'current' };
      }
      const past = entry.past.get(told.instanceId);
      if (past === undefined) {
        replace(entry, told);
        return { kind: 'current' };
      }
      // The same message once more tells nothing.
      if (told.poll <= past.poll) return { kind: 'returned' };
      past.poll = told.poll;
      past.address = told.address;
      if (clock.boot() - past.strikeBootMs < betweenStrikesMs) return { kind: 'returned' };
      past.strikes += 1;
      past.strikeBootMs = clock.boot();
      if (past.strikes < strikesOfCopy) return { kind: 'returned' };
      return { kind: 'two', addresses: [entry.current.address, told.address] };
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
