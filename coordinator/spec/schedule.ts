// When something is due by a schedule of cron: five fields in UTC, or `off`. Pure; the one door of the
// cron library. A schedule knows no past but what it is asked about.
import { Cron } from 'croner';

export const NEVER = 'off';

const secondMs = 1000;
/** A pattern is asked about in every turn of every cluster. */
const known = new Map<string, Cron>();
const mostKnown = 100;

/** @throws when the pattern is none */
function cronOf(pattern: string): Cron {
  const found = known.get(pattern);
  if (found !== undefined) return found;
  const made = new Cron(pattern, { timezone: 'UTC', mode: '5-part' });
  if (known.size >= mostKnown) known.clear();
  known.set(pattern, made);
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
export function lastDue(pattern: string, now: number): number | null {
  if (pattern === NEVER) return null;
  // The library answers what is before a time, in whole seconds.
  const after = new Date((Math.floor(now / secondMs) + 1) * secondMs);
  return cronOf(pattern).previousRuns(1, after)[0]?.getTime() ?? null;
}

/** The first due time after `now`; null when there is none. */
export function nextDue(pattern: string, now: number): number | null {
  if (pattern === NEVER) return null;
  return cronOf(pattern).nextRun(new Date(now))?.getTime() ?? null;
}
