// What polls told: when each node was last heard, what it does, how far its journal is. Memory only;
// after a restart every agent says it again within one poll. Also the door bell of open polls.
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { following } from '../../shared/following.ts';
import type { Lane } from '../../shared/model/plan.ts';
import { changeSignal } from '../store/change-signal.ts';

export interface LaneTold {
  readonly lane: Lane;
  readonly planIds: readonly string[];
  /** Those of them that begin no step before a signed go-on. */
  readonly waiting: readonly string[];
  readonly epoch: number;
  readonly sequence: number;
  readonly doing: string;
}

export interface PollTold {
  readonly instanceId: string;
  readonly poll: number;
  readonly bootId: string;
  readonly agentVersion: string;
  readonly factsDigest: string;
  readonly lanes: readonly LaneTold[];
  readonly journalId: string;
  readonly journalEnd: number;
  /** Why no step begins on the host; null when nothing keeps it from its work. */
  readonly trouble: TroubleTold | null;
}

/** In the words of an agent that may be newer: any code. */
export interface TroubleTold {
  readonly code: string;
  readonly sentence: string;
}

export interface PollState extends PollTold {
  /** When the poll came, not when it was answered. */
  readonly lastPollMs: number;
}

export interface OpenPoll {
  /** Fires when a newer poll of the node takes its place. */
  readonly superseded: AbortSignal;
  /** What the last answer to this instance of the agent was. */
  readonly lastAnswer: string | null;
  answered(digest: string): void;
  end(): void;
}

export interface Polls {
  /** Since when polls are counted: nothing is known from before. */
  readonly startedMs: number;
  /** @throws AppError conflict when a newer poll of the same instance came before. */
  begin(nodeId: string, told: PollTold): OpenPoll;
  state(nodeId: string): PollState | null;
  isOnline(nodeId: string): boolean;
  /** Something of this node changed: its open poll looks again. */
  wake(nodeId: string): void;
  /** Grows with every wake of the node. */
  wakes(nodeId: string): number;
  /** Resolves when the node was woken after `seen`, or after `ms`. @throws AbortError */
  waitForWake(nodeId: string, seen: number, wait: PollWait): Promise<void>;
  factsReported(nodeId: string): void;
  factsReportedMs(nodeId: string): number | null;
  /** Something else that agents told is another than before. */
  announce(): void;
  /** Grows when something that decisions look at changes. */
  revision(): number;
  changed(after: number, signal: AbortSignal): Promise<void>;
}

export interface PollWait {
  readonly ms: number;
  readonly signal: AbortSignal;
}

/**
 * Longest time between two polls of an agent. What it asks for counts when it is shorter: a working
 * agent asks more often. Each poll is a sign of life, so this is what a silent host is missed by.
 */
export const LONGEST_HOLD_MS = 10_000;
/** A poll that is due and did not come, with as long again as patience for a busy machine. */
export const ONLINE_MS = 2 * LONGEST_HOLD_MS;

interface Entry {
  state: PollState;
  open: AbortController | null;
  lastAnswer: string | null;
}

export function createPolls(clock: Clock): Polls {
  const entries = new Map<string, Entry>();
  const bells = new Map<
    string,
    { count: number; readonly signal: ReturnType<typeof changeSignal> }
  >();
  const factsTimes = new Map<string, number>();
  const changes = changeSignal(0);
  let revision = 0;

  const bell = (nodeId: string) => {
    const known = bells.get(nodeId) ?? { count: 0, signal: changeSignal(0) };
    bells.set(nodeId, known);
    return known;
  };
  const announce = (): void => {
    revision += 1;
    changes.advance(revision);
  };
  const isOnline = (nodeId: string): boolean => {
    const entry = entries.get(nodeId);
    return entry !== undefined && clock.now() - entry.state.lastPollMs < ONLINE_MS;
  };

  return {
    startedMs: clock.now(),
    begin(nodeId, told) {
      const before = entries.get(nodeId);
      const isSameInstance = before?.state.instanceId === told.instanceId;
      if (before !== undefined && isSameInstance && told.poll <= before.state.poll) {
        throw new AppError('conflict', 'a newer poll of this node came before this one', {
          retryable: true,
        });
      }
      before?.open?.abort();
      const open = new AbortController();
      const wasOnline = isOnline(nodeId);
      const entry: Entry = {
        state: { ...told, lastPollMs: clock.now() },
        open,
        lastAnswer: isSameInstance ? (before?.lastAnswer ?? null) : null,
      };
      entries.set(nodeId, entry);
      if (!wasOnline || !isSameStory(before?.state, told)) announce();
      return {
        superseded: open.signal,
        lastAnswer: entry.lastAnswer,
        answered(digest) {
          entry.lastAnswer = digest;
        },
        end() {
          if (entry.open === open) entry.open = null;
        },
      };
    },
    state: (nodeId) => entries.get(nodeId)?.state ?? null,
    isOnline,
    wake(nodeId) {
      const own = bell(nodeId);
      own.count += 1;
      own.signal.advance(own.count);
    },
    wakes: (nodeId) => bell(nodeId).count,
    async waitForWake(nodeId, seen, { ms, signal }) {
      const wait = following(signal);
      const woken = bell(nodeId).signal.above(seen, wait.signal);
      const late = clock.sleep(ms, wait.signal);
      try {
        await Promise.race([woken, late]);
      } finally {
        wait.end();
        await Promise.allSettled([woken, late]);
      }
    },
    factsReported(nodeId) {
      factsTimes.set(nodeId, clock.now());
    },
    factsReportedMs: (nodeId) => factsTimes.get(nodeId) ?? null,
    announce,
    revision: () => revision,
    changed: (after, signal) => changes.above(after, signal),
  };
}

/** What it does is in words, for people, and another with every step: no decision looks at it. */
const isSameStory = (before: PollState | undefined, told: PollTold): boolean =>
  before !== undefined && before.bootId === told.bootId && storyOf(before) === storyOf(told);

const storyOf = ({ lanes, trouble }: PollTold): string =>
  JSON.stringify([lanes.map((lane) => ({ ...lane, doing: '' })), trouble]);
