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

/** Past either, lines go until both hold again with a little room. */
const mostLines = 20_000;
const mostCharacters = 8 * 1024 * 1024;
const room = 0.95;

/** In characters, about: a line's names are short. */
const sizeOf = (line: LogLine): number => line.text.length + 200;

/**
 * A cursor is the time in microseconds, made unique: one from before a restart stays usable after
 * it. Lines of `history` carry the time their host told.
 */
export function createEventFeed(clock: Clock, history: readonly LogLine[] = []): EventFeed {
  const kept = history.toSorted((a, b) => a.atMs - b.atMs).slice(-mostLines);
  const first = clock.now() * 1000;
  // A host whose clock is ahead must not overtake what follows.
  let lines: FeedLine[] = kept.map((line, index) => ({
    ...line,
    cursor: Math.min(Math.floor(line.atMs) * 1000, first) - (kept.length - index),
  }));
  let last = first;
  lines = shortened(lines);
  let characters = sizesOf(lines);
  const changes = changeSignal(last);
  const wake = (): void => changes.advance(last);
  return {
    append(added) {
      for (const line of added) {
        last = Math.max(last + 1, clock.now() * 1000);
        lines.push({ ...line, cursor: last });
      }
      characters += sizesOf(added);
      if (lines.length <= mostLines && characters <= mostCharacters) return wake();
      lines = shortened(lines);
      characters = sizesOf(lines);
      return wake();
    },
    read(after, matches) {
      const found = lines.filter((line) => line.cursor > after && matches(line));
      // Up to what `changed` compares with: less would wake the reader at once, again and again.
      return { lines: found, next: Math.max(after, last) };
    },
    changed: (after, signal) => changes.above(after, signal),
  };
}

const sizesOf = (lines: readonly LogLine[]): number =>
  lines.reduce((sum, line) => sum + sizeOf(line), 0);

/**
 * Without the oldest lines of whoever said most, so that one host that talks without end takes no other
 * host's lines away; the oldest of all where none stands out.
 */
function shortened(lines: FeedLine[]): FeedLine[] {
  if (lines.length <= mostLines && sizesOf(lines) <= mostCharacters) return lines;
  const shares = new Map<string | null, { count: number; characters: number }>();
  for (const line of lines) {
    const share = shares.get(line.node) ?? { count: 0, characters: 0 };
    share.count += 1;
    share.characters += sizeOf(line);
    shares.set(line.node, share);
  }
  const linesEach = fairShare(
    [...shares.values()].map(({ count }) => count),
    room * mostLines,
  );
  const charactersEach = fairShare(
    [...shares.values()].map((share) => share.characters),
    room * mostCharacters,
  );
  return lines.filter((line) => {
    const share = shares.get(line.node);
    if (share === undefined) return false;
    const isOver = share.count > linesEach || share.characters > charactersEach;
    if (!isOver) return true;
    share.count -= 1;
    share.characters -= sizeOf(line);
    return false;
  });
}

/** The most that each may have so that all of them together have no more than `all`. */
function fairShare(sizes: readonly number[], all: number): number {
  let left = all;
  const ascending = sizes.toSorted((a, b) => a - b);
  for (const [index, size] of ascending.entries()) {
    const each = left / (ascending.length - index);
    if (size > each) return each;
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}

/** `subject` as in `logs SUBJECT`: a node's name, a plan's id, or plan/step. Empty: everything. */
export function matchesSubject(subject: string): (line: LogLine) => boolean {
  if (subject === '') return () => true;
  const [plan = '', step] = subject.split('/');
  if (step !== undefined) return (line) => line.planId === plan && line.stepId === step;
  return (line) => line.planId === plan || line.node === plan;
}
