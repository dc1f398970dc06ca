// The feed behind `logs` and `get events`: the last lines in memory, each with a cursor that grows.
// What must survive is in the plan records and in the audit log; this is for watching.
import type { Clock } from '../../shared/clock.ts';
import { changeSignal } from '../store/change-signal.ts';
import type { LogLine } from './log-line.ts';

export interface FeedLine extends LogLine {
  readonly cursor: number;
}

export interface FeedPage {
  readonly lines: readonly FeedLine[];
  /** Give it as `after` to get what came later. */
  readonly next: number;
}

export interface EventFeed {
  append(lines: readonly LogLine[]): void;
  /** Lines after the cursor that `matches` keeps, oldest first. */
  read(after: number, matches: (line: LogLine) => boolean): FeedPage;
  /** Resolves when there is a line after the cursor. @throws AbortError */
  changed(after: number, signal: AbortSignal): Promise<void>;
}

const capacity = 20_000;

/**
 * A cursor is the time in microseconds, made unique: one from before a restart stays usable after
 * it. Lines of `history` carry the time their host told.
 */
export function createEventFeed(clock: Clock, history: readonly LogLine[] = []): EventFeed {
  const kept = history.toSorted((a, b) => a.atMs - b.atMs).slice(-capacity);
  const first = clock.now() * 1000;
  // A host whose clock is ahead must not overtake what follows.
  let lines: FeedLine[] = kept.map((line, index) => ({
    ...line,
    cursor: Math.min(Math.floor(line.atMs) * 1000, first) - (kept.length - index),
  }));
  let last = first;
  const changes = changeSignal(last);
  return {
    append(added) {
      for (const line of added) {
        last = Math.max(last + 1, clock.now() * 1000);
        lines.push({ ...line, cursor: last });
      }
      if (lines.length > capacity + 1000) lines = lines.slice(-capacity);
      changes.advance(last);
    },
    read(after, matches) {
      const found = lines.filter((line) => line.cursor > after && matches(line));
      // Up to what `changed` compares with: less would wake the reader at once, again and again.
      return { lines: found, next: Math.max(after, last) };
    },
    changed: (after, signal) => changes.above(after, signal),
  };
}

/** `subject` as in `logs SUBJECT`: a node's name, a plan's id, or plan/step. Empty: everything. */
export function matchesSubject(subject: string): (line: LogLine) => boolean {
  if (subject === '') return () => true;
  const [plan = '', step] = subject.split('/');
  if (step !== undefined) return (line) => line.planId === plan && line.stepId === step;
  return (line) => line.planId === plan || line.node === plan;
}
