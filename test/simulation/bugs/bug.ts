// A deliberate bug: one part of the composition replaced by one that does it wrong. The product has no
// switch for it.
import type { Seams } from '../fleet.ts';

export interface Bug {
  readonly name: string;
  /** Of the invariant that catches it, a part of its name. */
  readonly caughtBy: string;
  /** The first seed, from 1 on, that catches it. */
  readonly seed: number;
  /** For one world. */
  readonly seams: () => Seams;
}
