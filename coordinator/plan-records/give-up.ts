// Plans that no host will begin any more: issued and past their expiry, or stopped before they were
// accepted. Pure; the loop stores what this answers.
import type { PlanRecord } from '../store/records.ts';

/** A host may have accepted in the last second and say so only at its next poll. */
const graceMs = 60_000;

/** The record as given up, or null when the plan may still begin. */
export function giveUp(record: PlanRecord, now: number): PlanRecord | null {
  if (record.state !== 'issued') return null;
  if (record.stopRequested) {
    return {
      ...record,
      state: 'stopped',
      finishedMs: now,
      message: 'stopped before it was accepted',
    };
  }
  if (now < record.expiresMs + graceMs) return null;
  return {
    ...record,
    state: 'expired',
    finishedMs: now,
    message: 'the host did not take it before it expired',
  };
}

/** When `giveUp` will answer for this record without anything else happening; null: never. */
export const givesUpAtMs = (record: PlanRecord): number | null =>
  record.state === 'issued' ? record.expiresMs + graceMs : null;
