// What stands for a journal that is corrupt: it shows what could be read and takes only refusals, in
// memory and under an id of its own, so that the coordinator hears why nothing begins.
import { AppError } from '../../shared/errors.ts';
import type { Journal } from './journal.ts';
import { type JournalEntry, type Segment, takeWithin } from './journal-files.ts';

export interface CorruptJournal {
  readonly id: string;
  readonly corruption: string;
  readonly segments: readonly Segment[];
}

export function openCorruptJournal({ id, corruption, segments }: CorruptJournal): Journal {
  const refusals: JournalEntry[] = [];
  const listeners: (() => void)[] = [];
  let acknowledged = 0;
  return {
    id,
    corruption,
    base: 0,
    get end() {
      return refusals.length;
    },
    get acknowledged() {
      return acknowledged;
    },
    entries: () => segments.flatMap((segment) => segment.entries),
    read: (offset, limitBytes) => takeWithin(refusals.slice(offset), limitBytes),
    append: async (record) => {
      if (record.event !== 'plan-refused') {
        throw new AppError(
          'journal-corrupt',
          `the journal is corrupt: ${corruption}; no step begins`,
        );
      }
      refusals.push({ record, bytes: Buffer.from(JSON.stringify(record)) });
      for (const listener of listeners) listener();
    },
    acknowledge: async (next) => {
      acknowledged = next;
    },
    dropFinished: async () => undefined,
    onAppend: (listener) => void listeners.push(listener),
    close: async () => undefined,
  };
}
