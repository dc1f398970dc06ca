// Whether an idle agent gives memory back, and how. V8 lets garbage lie that an idle process would
// collect in hours: a collection of its own. V8 and malloc also keep what a busy minute took, for work
// that will not come for weeks; a new process has none of it, and a restart is the same as going on. Pure.
//
// INVARIANT: an agent that did no plan's work since its start never starts again for its memory,
// however much it has: it would only do so again. So there is no loop, whatever the bound is.

export interface MemoryLook {
  /** RssAnon: what only this process has. Null: it could not be read. */
  readonly anonymousBytes: number | null;
  /** The same when this process began. */
  readonly atStartBytes: number | null;
  /** A plan ended since this process began. */
  readonly hasWorked: boolean;
  /** No plan, nothing to report and nothing being taken, for this long. */
  readonly idleMs: number;
  /** Since the agent last started itself again; null: not since the machine's start. */
  readonly sinceStartedAgainMs: number | null;
  /** Since this process last collected; null: it did not. */
  readonly sinceCollectedMs: number | null;
}

/**
 * Resident is 55 MB of the program's file and this. A fresh agent has 32 to 35 MB after a collection
 * and 38 to 44 MB before its first one.
 */
const collectionBound = 38 * 1024 * 1024;
const restartBound = 40 * 1024 * 1024;
/** Less growth than this is not worth the second that it takes. */
const growth = 1.2;
const quietMs = 30_000;
const betweenMs = 60_000;
/** It takes a tenth of a second at most, and nobody waits for anything. */
const collectionQuietMs = 10_000;
const betweenCollectionsMs = 60_000;

export function judgeMemory(look: MemoryLook): 'stay' | 'collect' | 'start-again' {
  if (hasToStartAgain(look)) return 'start-again';
  const { anonymousBytes, sinceCollectedMs } = look;
  if (anonymousBytes === null || anonymousBytes <= collectionBound) return 'stay';
  if (look.idleMs < collectionQuietMs) return 'stay';
  const isDue = sinceCollectedMs === null || sinceCollectedMs >= betweenCollectionsMs;
  return isDue ? 'collect' : 'stay';
}

function hasToStartAgain(look: MemoryLook): boolean {
  const { anonymousBytes, atStartBytes, sinceStartedAgainMs } = look;
  if (anonymousBytes === null || anonymousBytes <= restartBound) return false;
  if (!look.hasWorked || look.idleMs < quietMs) return false;
  if (atStartBytes !== null && anonymousBytes < atStartBytes * growth) return false;
  return sinceStartedAgainMs === null || sinceStartedAgainMs >= betweenMs;
}
