// `coordinator rollout status|pause|resume|abort|retry|history`. As with kubectl, status follows to the
// end and its exit code tells how it ended.
import { formatAge } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import type { RolloutAction } from '../../operator/change-rollout.ts';
import type { RolloutDocument, RolloutHostDocument } from '../../operator/rollout-documents.ts';
import type { CliIo } from '../cli-io.ts';
import { type Call, type ConnectionOptions, withCoordinator, withPatience } from '../connection.ts';
import { parseDuration } from '../duration.ts';
import { exitCode } from '../exit-codes.ts';
import { formatDocuments, parseFormat } from '../output.ts';
import { fetchDocuments } from './fetch-documents.ts';
import { nextChange } from './next-change.ts';

interface StatusOptions extends ConnectionOptions {
  readonly watch: string | boolean;
  readonly timeout: string;
}

export async function rolloutStatus(
  options: StatusOptions,
  io: CliIo,
): Promise<number | undefined> {
  const isFollowing = options.watch !== false && options.watch !== 'false';
  const timeoutMs = options.timeout === '0' ? null : parseDuration(options.timeout, '--timeout');
  const untilMs = timeoutMs === null ? null : io.clock.boot() + timeoutMs;
  const work = async (call: Call): Promise<number | undefined> => {
    const said = new Map<string, string>();
    for (;;) {
      const { documents, revision } = await fetchDocuments<RolloutDocument>(call, 'rollouts');
      const rollout = documents.at(-1);
      if (rollout === undefined) throw none();
      if (!isFollowing) {
        show(rollout, io);
        return ends[rollout.state] ?? undefined;
      }
      tell(rollout, said, io);
      const code = ends[rollout.state];
      if (code !== undefined) return code === exitCode.done ? undefined : code;
      const leftMs = untilMs === null ? Number.POSITIVE_INFINITY : untilMs - io.clock.boot();
      if (leftMs <= 0) {
        throw new AppError(
          'timeout',
          `rollout ${rollout.name} did not end within ${formatAge(timeoutMs ?? 0)}: ${rollout.what}`,
        );
      }
      await nextChange(call, revision, { io, leftMs });
    }
  };
  return isFollowing
    ? await withPatience(options, io, { untilMs, work })
    : await withCoordinator(options, io, work);
}

/** Of a rollout that goes no further by itself. */
const ends: Readonly<Partial<Record<RolloutDocument['state'], number>>> = {
  done: exitCode.done,
  aborted: exitCode.failed,
  stopped: exitCode.failed,
};

const none = (): AppError =>
  new AppError(
    'not-found',
    'there is no rollout: one begins when `coordinator apply` changes what hosts have',
  );

function show(rollout: RolloutDocument, io: CliIo): void {
  io.out(`${headline(rollout)}\n`);
  for (const host of rollout.hosts) io.out(`  ${lineOf(host, io.clock.now())}\n`);
  for (const note of notes(rollout)) io.err(`${note}\n`);
}

/** What is new since it was told last: a line for the rollout, and one for each host that moved. */
function tell(rollout: RolloutDocument, said: Map<string, string>, io: CliIo): void {
  const news = (key: string, text: string): void => {
    if (said.get(key) === text) return;
    said.set(key, text);
    io.out(`${text}\n`);
  };
  for (const host of rollout.hosts) {
    // Why the rest waits is one sentence, and stands in the headline.
    if (host.state === 'pending') continue;
    const what = host.what === '' ? '' : `: ${host.what}`;
    news(`host ${host.name}`, `${host.name} ${host.state}${what}`);
  }
  news('rollout', headline(rollout));
  if (ends[rollout.state] === undefined) return;
  for (const note of notes(rollout)) io.err(`${note}\n`);
}

function headline(rollout: RolloutDocument): string {
  const { name, state, done, total, fromVersion, toVersion, what } = rollout;
  const versions = fromVersion === toVersion ? '' : ` ${fromVersion} → ${toVersion}`;
  const why = what === '' || state === 'done' ? '' : `: ${what}`;
  return `rollout ${name}${versions} ${state}, ${done} of ${total} hosts done${why}`;
}

const lineOf = ({ name, state, sinceMs, what }: RolloutHostDocument, now: number): string =>
  [name, state, `(${formatAge(now - sinceMs)})`, what].join(' ').trimEnd();

function notes(rollout: RolloutDocument): string[] {
  const { snapshot, state } = rollout;
  if (state === 'done' || snapshot === null) return [];
  return [
    `the etcd snapshot from before it: ${snapshot.path} on ${snapshot.node} (revision ${snapshot.revision})`,
  ];
}

export const rolloutCommand =
  (action: RolloutAction) =>
  async (
    { name, ...options }: ConnectionOptions & { readonly name?: string },
    io: CliIo,
  ): Promise<undefined> => {
    await withCoordinator(options, io, async (call) => {
      const { messages } = await call('ChangeRollout', { action, node: name ?? '' });
      const [what = '', ...rest] = messages;
      io.out(`${what}\n`);
      for (const note of rest) io.err(`${note}\n`);
    });
    return undefined;
  };

export async function rolloutHistory(
  options: ConnectionOptions & { readonly output: string },
  io: CliIo,
): Promise<undefined> {
  const format = parseFormat(options.output);
  await withCoordinator(options, io, async (call) => {
    const { documents } = await fetchDocuments<RolloutDocument>(call, 'rollouts');
    const shown = { kind: 'rollouts', format, now: io.clock.now(), isSingle: false } as const;
    io.out(formatDocuments(documents, shown));
    if (documents.length === 0 && format === 'table') io.err('no rollouts\n');
  });
  return undefined;
}
