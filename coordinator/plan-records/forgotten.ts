// A plan that the host accepted once and no longer knows: its disk was replaced or its journal was
// begun anew. Nobody would ever report its end, so the coordinator ends it, as not known. Pure.
import type { JournalPosition, PlanRecord } from '../store/records.ts';

export interface Told {
  readonly planIds: readonly string[];
  readonly journalId: string;
  readonly journalEnd: number;
}

/** A poll may have been on its way while the plan was accepted. */
const settledMs = 60_000;

/** The record as ended, or null when the host knows it, or may still tell of it. */
export function endForgotten(
  record: PlanRecord,
  told: Told,
  context: { readonly position: JournalPosition | null; readonly now: number },
): PlanRecord | null {
  const { position, now } = context;
  if (record.state !== 'accepted' || told.planIds.includes(record.planId)) return null;
  if (now < (record.acceptedMs ?? now) + settledMs) return null;
  const isAllReported =
    told.journalEnd === 0 ||
    (position?.journalId === told.journalId && position.nextOffset === told.journalEnd);
  if (!isAllReported) return null;
  return {
    ...record,
    state: 'failed',
    finishedMs: now,
    error: {
      code: 'outcome-unknown',
      message: 'the host no longer knows this plan: its journal was begun anew',
      command: null,
      outputTail: null,
      retryable: true,
    },
  };
}
