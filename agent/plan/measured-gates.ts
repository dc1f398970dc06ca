// When this process has last measured each gate of a plan. What an earlier process measured counts for
// nothing: nobody knows how long ago that was.
import type { Clock } from '../../shared/clock.ts';

/** What is true of a cluster is not true for longer. */
export const GATE_AGE_MS = 10_000;

export interface MeasuredGates {
  note(stepId: string): void;
  isYoung(stepId: string): boolean;
}

export function measuredGates(clock: Clock): MeasuredGates {
  const measuredBootMs = new Map<string, number>();
  return {
    note: (stepId) => void measuredBootMs.set(stepId, clock.boot()),
    isYoung: (stepId) => {
      const atMs = measuredBootMs.get(stepId);
      return atMs !== undefined && clock.boot() - atMs <= GATE_AGE_MS;
    },
  };
}
