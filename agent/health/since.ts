// Since when something is as it is: what answers a probe has no time of its own, so the first
// measurement that found it so counts. By the host's clock; forgotten when the agent ends.
import type { Clock } from '../../shared/clock.ts';

export interface Since {
  /** When `state` of `what` was first seen, without another one in between. */
  of(what: string, state: string): number;
}

export function createSince(clock: Clock): Since {
  const seen = new Map<string, { readonly state: string; readonly sinceMs: number }>();
  return {
    of(what, state) {
      const known = seen.get(what);
      if (known?.state === state) return known.sinceMs;
      const sinceMs = clock.now();
      seen.set(what, { state, sinceMs });
      return sinceMs;
    },
  };
}
