// When something is due by a schedule of cron: five fields in UTC, or `off`. Pure; the one door of the
// cron library. A schedule knows no past but what it is asked about.
import { Cron } from 'croner';

export const NEVER = 'off';

const secondMs = 1000;

/** Between two due times every question has the same answer; null: there is none on that side. */
interface Span {
  readonly last: number | null;
  readonly next: number | null;
}

interface Known {
  readonly cron: Cron;
  span: Span | null;
}

/** A pattern is asked about in every turn of every cluster, and the library takes a tenth of a millisecond. */
const known = new Map<string, Known>();
const mostKnown = 100;

/** @throws when the pattern is none */
function knownOf(pattern: string): Known {
  const found = known.get(pattern);
  if (found !== undefined) return found;
  const made = { cron: new Cron(pattern, { timezone: 'UTC', mode: '5-part' }), span: null };
  if (known.size >= mostKnown) known.clear();
  known.set(pattern, made);
  return made;
}

function spanAt(pattern: string, now: number): Span {
  const one = knownOf(pattern);
  const { cron, span } = one;
  if (span !== null && (span.last ?? -Infinity) <= now && now < (span.next ?? Infinity)) {
    return span;
  }
  // The library answers what is before a time, in whole seconds.
  const after = new Date((Math.floor(now / secondMs) + 1) * secondMs);
  const made = {
    last: cron.previousRuns(1, after)[0]?.getTime() ?? null,
    next: cron.nextRun(new Date(now))?.getTime() ?? null,
  };
  one.span = made;
  return made;
}

/** Any moment does: a schedule that comes true at all does so within a leap year's distance of it. */
const someTime = Date.UTC(2025, 0, 1);

/** What is wrong with a schedule, as a clause; null when it is one. */
export function scheduleFault(pattern: string): string | null {
  if (pattern === NEVER) return null;
  try {
    return nextDue(pattern, someTime) === null ? 'a schedule that comes true some day' : null;
  } catch {
    return `five fields of cron in UTC such as "0 */6 * * *", or ${NEVER}`;
  }
}

/** The newest due time that is not after `now`; null when there is none. */
export const lastDue = (pattern: string, now: number): number | null =>
  pattern === NEVER ? null : spanAt(pattern, now).last;

/** The first due time after `now`; null when there is none. */
export const nextDue = (pattern: string, now: number): number | null =>
  pattern === NEVER ? null : spanAt(pattern, now).next;
