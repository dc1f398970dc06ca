// A goal: what should be, whom it is about, who carries it out, and by which runbook. Goals are rows
// of one list (goals/goals.ts); the engine asks each in turn (want.ts) and knows none of them.
import type { Stage } from '../../shared/model/plan.ts';
import type { Digests } from '../components/component.ts';
import type { GoalKind } from '../plan-records/goal-key.ts';
import type { Situation } from './situation.ts';
import type { Member } from './topology.ts';
import type { Wait } from './wait.ts';

/** One thing that is not as it should be, and may be mended now. */
export interface Want {
  readonly kind: GoalKind;
  readonly subject: string;
  /** Who carries it out. */
  readonly by: Member;
  /** In words: "prepare host". */
  readonly goal: string;
  /** What the plan is computed from, as far as other inputs make it another plan. */
  readonly inputs: () => unknown;
  readonly brings?: () => Digests;
  /** A plan of it that ended well is not the end of it: there is more to do. */
  readonly again?: boolean;
  readonly stages: () => readonly Stage[];
}

/** What a goal answers: what it wants, and whom it lets wait for what. */
export interface Wishes {
  readonly wants: readonly Want[];
  readonly waits: readonly Wait[];
}

export interface Goal {
  readonly kind: GoalKind;
  /** Desired against observed: nothing is wanted of what is as it should be. */
  wishes(situation: Situation): Wishes;
}

export const nothing: Wishes = { wants: [], waits: [] };
export const wants = (...list: readonly Want[]): Wishes => ({ wants: list, waits: [] });
export const waits = (...list: readonly Wait[]): Wishes => ({ wants: [], waits: list });

export const together = (list: readonly Wishes[]): Wishes => ({
  wants: list.flatMap((one) => one.wants),
  waits: list.flatMap((one) => one.waits),
});
