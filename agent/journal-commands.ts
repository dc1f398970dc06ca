// `muster-agent journal show` and `journal go-on`: the way out for a host whose journal is damaged.
// Going on sets the journal and its plans aside, deletes nothing, and begins anew. The accepted pairs
// stay as they are: no plan that this host ever took is taken again. Where it is they that are damaged,
// they are made again from the journal.
//
// INVARIANT: the plans go before the journal. A crash between the two leaves a journal that is still
// damaged; the other way round the last plan would look like one whose acceptance a crash cut off.
import { join } from 'node:path';
import type { Clock } from '../shared/clock.ts';
import { AppError } from '../shared/errors.ts';
import type { JournalRecord } from '../shared/model/progress.ts';
import type { Random } from '../shared/random.ts';
import type { AgentPaths } from './config.ts';
import type { Host } from './host/host.ts';
import { UNIT_DIRECTORY } from './host/transient-unit.ts';
import { parseProperties, unitStateOf } from './host/unit-state.ts';
import { type AcceptedStore, openAccepted } from './plan/accepted.ts';
import { openJournal } from './plan/journal.ts';
import { formatJournal, type JournalLook, lookAtJournal, wayOut } from './plan/journal-report.ts';
import type { StateDisk } from './state-disk.ts';

/** @throws AppError not-found */
export async function showJournal(disk: StateDisk, paths: AgentPaths): Promise<string> {
  return formatJournal(await look(disk, paths));
}

export interface GoOnOptions {
  readonly paths: AgentPaths;
  readonly disk: StateDisk;
  readonly host: Host;
  readonly clock: Clock;
  readonly random: Random;
  /** Makes sure that no agent works meanwhile. @throws AppError conflict */
  readonly lock: () => Promise<unknown>;
}

/** What was done, for people. @throws AppError refused, conflict, not-found */
export async function goOnWithNewJournal(options: GoOnOptions): Promise<string> {
  const { paths, disk, host, clock, random } = options;
  await lockOut(options);
  const { damage, records } = await look(disk, paths);
  const accepted = await acceptedOrNull(options);
  if (damage === null && accepted !== null) {
    const message = `the journal in ${paths.journalDirectory} is sound: there is nothing to set aside`;
    throw new AppError('refused', message);
  }
  const units = await endedUnits(host);
  const aside = join(paths.stateDirectory, `damaged-${clock.now()}`);
  await disk.makeDirectory(aside);
  if (accepted === null) await disk.move(acceptedPath(paths), aside);
  await disk.move(paths.plansDirectory, aside);
  await disk.move(paths.journalDirectory, aside);
  const journal = await openJournal({ disk, directory: paths.journalDirectory, random });
  await journal.close();
  await host.forgetUnits(units);
  const pairs = (accepted ?? (await acceptedAgain(options, records))).pairs();
  const orders = (['host', 'cluster'] as const).map((lane) => {
    const pair = pairs[lane];
    return `${lane} ${pair === null ? 'none' : `epoch ${pair.epoch} number ${pair.sequence}`}`;
  });
  return [
    `The damaged journal and its plans are now in ${aside}; a new journal begins with id ${journal.id}.`,
    `Plans up to the last accepted ones (${orders.join(', ')}) are not taken again.`,
    'Start the agent: systemctl start muster-agent. The coordinator plans again what it misses.',
    '',
  ].join('\n');
}

const acceptedPath = (paths: AgentPaths): string => join(paths.stateDirectory, 'accepted');

/** Null when the pairs cannot be read. */
async function acceptedOrNull({
  disk,
  paths,
}: Pick<GoOnOptions, 'disk' | 'paths'>): Promise<AcceptedStore | null> {
  try {
    return await openAccepted(disk, acceptedPath(paths));
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'journal-corrupt') return null;
    throw thrown;
  }
}

/** Looks without making a file where there is none. */
async function hasReadablePairs(disk: StateDisk, paths: AgentPaths): Promise<boolean> {
  if ((await disk.read(acceptedPath(paths))) === null) return true;
  return (await acceptedOrNull({ disk, paths })) !== null;
}

/** From the acceptances that can be read. What is older than all of them has expired long since. */
async function acceptedAgain(
  { disk, paths }: GoOnOptions,
  records: readonly JournalRecord[],
): Promise<AcceptedStore> {
  const accepted = await openAccepted(disk, acceptedPath(paths));
  for (const record of records) {
    if (record.event !== 'plan-accepted') continue;
    const { lane, epoch, sequence, digest } = record;
    await accepted.raise(lane, { epoch, sequence, digest });
  }
  return accepted;
}

async function lockOut({ lock, paths }: GoOnOptions): Promise<void> {
  try {
    await lock();
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== 'conflict') throw cause;
    const message = `an agent works with ${paths.stateDirectory}: stop it first with \`systemctl stop muster-agent\``;
    throw new AppError('conflict', message, { cause });
  }
}

/** What `go-on` without --yes says. @throws AppError not-found */
export async function explainGoOn(disk: StateDisk, paths: AgentPaths): Promise<string> {
  const seen = await look(disk, paths);
  if (seen.damage === null) {
    if (await hasReadablePairs(disk, paths))
      return 'The journal is sound: there is nothing to set aside.\n';
    return `${acceptedPath(paths)}, which says what plans are old, is damaged; the journal is sound. Nothing was changed. With --yes all three are set aside, and what is old is taken from the journal.\n`;
  }
  return `${formatJournal(seen)}\nNothing was changed. ${wayOut[0]} To go on, repeat with --yes.\n`;
}

async function look(disk: StateDisk, paths: AgentPaths): Promise<JournalLook> {
  const seen = await lookAtJournal(disk, paths.journalDirectory);
  if (seen !== null) return seen;
  const message = `there is no journal in ${paths.journalDirectory}: no agent has worked here`;
  throw new AppError('not-found', message);
}

/**
 * Commands that an attempt left behind. A new journal knows none of them, so that the next plan could
 * begin the same command beside one that still runs.
 * @throws AppError conflict
 */
async function endedUnits(host: Host): Promise<readonly string[]> {
  const files = await host.list(UNIT_DIRECTORY);
  const units = [...new Set(files.map((name) => name.replace(/\.(out|err|in)$/, '')))];
  for (const unit of units) {
    const shown = await host.read([
      'systemctl',
      'show',
      '--property=LoadState,ActiveState,SubState,Result,ExecMainStatus',
      `${unit}.service`,
    ]);
    if (unitStateOf(parseProperties(shown.stdout)).kind !== 'running') continue;
    const message = `${unit}.service, a command of a plan, still runs: wait until it has ended, or end it with \`systemctl stop ${unit}.service\``;
    throw new AppError('conflict', message);
  }
  return units;
}
