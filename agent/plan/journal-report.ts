// What `muster-agent journal show` says: what of a journal can be read, where the damage is, which
// plans it knows. Looks at the files without opening the journal, so it changes nothing and an agent
// may be at work beside it.
import type { JournalRecord } from '../../shared/model/progress.ts';
import type { StateDisk } from '../state-disk.ts';
import { foldRecords, type PlanHistory } from './history.ts';
import { type Position, readPosition } from './journal.ts';
import { type Damage, judgeSegments, readSegmentFiles } from './journal-files.ts';

export interface JournalLook {
  readonly directory: string;
  /** Null: no agent has begun a journal here. */
  readonly position: Position | null;
  /** Whole, in order, before the damage. */
  readonly records: readonly JournalRecord[];
  readonly damage: Damage | null;
}

/** Null when there is no such folder. */
export async function lookAtJournal(
  disk: StateDisk,
  directory: string,
): Promise<JournalLook | null> {
  const files = await readSegmentFiles(disk, directory);
  if (files === null) return null;
  const { segments, damage } = judgeSegments(files);
  const records = segments.flatMap(({ entries }) => entries.map(({ record }) => record));
  return { directory, position: await readPosition(disk, directory), records, damage };
}

/** Lines for people. Pure. */
export function formatJournal(look: JournalLook): string {
  const { directory, position, records, damage } = look;
  const plans = [...foldRecords(records).plans.values()];
  const lines = [
    `Journal   ${directory}, id ${position?.id ?? 'none yet'}`,
    `Records   ${span(records)}`,
    `State     ${damage === null ? 'sound' : 'damaged: no step begins on this host'}`,
    ...(damage === null ? [] : ['', ...damageLines(damage)]),
    '',
    plans.length === 0 ? 'No plans.' : 'Plans, as far as they can be read:',
    ...plans.map((plan) => `  ${planLine(plan)}`),
    ...(damage === null ? [] : ['', ...wayOut]),
  ];
  return `${lines.join('\n')}\n`;
}

export const wayOut: readonly string[] = [
  'The journal cannot be mended: what this host did after the damage is known only by looking at the host.',
  'Every step does look before it acts, so going on with a new journal repeats nothing that is done:',
  '  systemctl stop muster-agent',
  '  muster-agent journal go-on --yes      sets it and its plans aside, deletes nothing',
  '  systemctl start muster-agent',
];

function span(records: readonly JournalRecord[]): string {
  const [first] = records;
  const last = records.at(-1);
  if (first === undefined || last === undefined) return 'none can be read';
  return `${records.length} can be read, from ${time(first.atMs)} to ${time(last.atMs)}`;
}

function damageLines({ what, position, stray }: Damage): readonly string[] {
  const last = stray.at(-1);
  const behind =
    last === undefined ? '' : `; ${stray.length} whole behind it, the last of ${time(last.atMs)}`;
  return [`Damage    ${what}`, `          at byte ${position}${behind}`];
}

function planLine({ planId, lane, acceptedMs, finished, isStopped, steps }: PlanHistory): string {
  const open = [...steps].filter(([, { state }]) => state === 'open').map(([stepId]) => stepId);
  const begun = open.length === 0 ? '' : `, begun and without an outcome: ${open.join(', ')}`;
  const end = finished ?? `${isStopped ? 'stopped, ' : ''}not ended${begun}`;
  return `${planId} (${lane} lane, accepted ${time(acceptedMs)}): ${end}`;
}

const time = (ms: number): string => new Date(ms).toISOString();
