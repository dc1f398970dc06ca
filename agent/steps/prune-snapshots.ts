// Older snapshots on this host: the newest are kept, and never none. What was sealed of others than the
// newest was for a copy that nobody waits for any more.
import type { StepArgs } from '../../shared/model/step.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

type Args = StepArgs['prune-snapshots'];

const SNAPSHOT = '.db';
const SEALED = '.db.sealed';
/** Another name is of a file that is being written, or was when the agent or the power went. */
const abandonedMs = 3_600_000;

export const pruneSnapshots: StepRunner<'prune-snapshots'> = {
  kind: 'prune-snapshots',
  title: ({ directory, keep }) => `keep the newest ${keep} snapshots in ${directory}`,

  check: async (args, context) => {
    const { kept, old } = await judge(args, context);
    if (old.length === 0) return { kind: 'satisfied', outputs: outputsOf(kept) };
    return { kind: 'needed', why: `${old.length} older files are there` };
  },

  apply: async (args, context) => {
    const { kept, old } = await judge(args, context);
    for (const name of old) await context.host.remove(`${args.directory}/${name}`);
    return { outputs: outputsOf(kept), note: `removed ${old.join(', ')}` };
  },
};

interface Judged {
  /** Names of snapshots, newest first. */
  readonly kept: readonly string[];
  readonly old: readonly string[];
}

/** A snapshot has its name only when it was verified: what is half done is called otherwise. */
async function judge({ directory, keep }: Args, context: StepContext): Promise<Judged> {
  const { host, clock } = context;
  const names = await host.list(directory);
  const files = await Promise.all(
    names.map(async (name) => ({ name, stat: await host.stat(`${directory}/${name}`) })),
  );
  const newestFirst = files.toSorted(
    (a, b) => (b.stat?.mtimeMs ?? 0) - (a.stat?.mtimeMs ?? 0) || (a.name < b.name ? 1 : -1),
  );
  const snapshots = newestFirst.map(({ name }) => name).filter((name) => name.endsWith(SNAPSHOT));
  const kept = snapshots.slice(0, Math.max(1, keep));
  const [newest = ''] = kept;
  const sealed = names.filter((name) => name.endsWith(SEALED) && name !== `${newest}.sealed`);
  const broken = newestFirst
    .filter(({ name }) => !name.endsWith(SNAPSHOT) && !name.endsWith(SEALED))
    .filter(({ stat }) => (stat?.mtimeMs ?? 0) < clock.now() - abandonedMs)
    .map(({ name }) => name);
  return { kept, old: [...snapshots.slice(kept.length), ...sealed, ...broken] };
}

const outputsOf = (kept: readonly string[]) => ({
  kept: kept.map((name) => name.slice(0, -SNAPSHOT.length)).join(' '),
});
