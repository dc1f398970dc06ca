// Whether an agent that has grown starts itself again. V8 and malloc keep what a busy minute took, for
// work that will not come for weeks; a new process has none of it, and a restart is the same as going
// on. Pure.
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
}

/** A fresh agent has 32 to 35 MB. */
const anonymousBound = 40 * 1024 * 1024;
/** Less growth than this is not worth the second that it takes. */
const growth = 1.2;
const quietMs = 30_000;
const betweenMs = 60_000;

export function judgeMemory(look: MemoryLook): 'stay' | 'start-again' {
  const { anonymousBytes, atStartBytes, sinceStartedAgainMs } = look;
  if (anonymousBytes === null || anonymousBytes <= anonymousBound) return 'stay';
  if (!look.hasWorked || look.idleMs < quietMs) return 'stay';
  if (atStartBytes !== null && anonymousBytes < atStartBytes * growth) return 'stay';
  if (sinceStartedAgainMs !== null && sinceStartedAgainMs < betweenMs) return 'stay';
  return 'start-again';
}
