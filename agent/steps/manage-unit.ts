// A systemd unit: its file, whether it starts at boot, and whether it runs now. A unit whose main
// process is older than its unit file, or than a file of `restartOn`, runs something else than it
// should: it is started again.
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import type { Host } from '../host/host.ts';
import { jobTypeOf, parseProperties } from '../host/unit-state.ts';
import { commandsOf } from './command-unit.ts';
import { STARTED, startOf } from './process-start.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

type Args = StepArgs['manage-unit'];

const verbs = { running: 'run', starting: 'start', stopped: 'stop', any: 'set up' } as const;

export const manageUnit: StepRunner<'manage-unit'> = {
  kind: 'manage-unit',
  title: ({ name, state }) => `${verbs[state]} ${name}`,

  check: async (args, context) => {
    const faults = faultsOf(args, await look(args, context));
    if (faults.length === 0) return { kind: 'satisfied' };
    return { kind: 'needed', why: faults.join('; ') };
  },

  apply: async (args, context) => {
    const { name, content, enabled, state } = args;
    const change = commandsOf(context);
    if (content !== null && (await context.host.readFile(unitPath(name))) !== content) {
      await context.host.writeFile(unitPath(name), content, 0o644);
    }
    const before = await look(args, context);
    const isToEnable = enabled && !isEnabledAs(before, enabled);
    const verb = startVerb(before, state);
    if (before.active === 'failed' && verb !== null)
      await change(['systemctl', 'reset-failed', name]);
    const wait = state === 'starting' ? ['--no-block'] : [];
    try {
      if (isToEnable && verb === 'start') {
        await change(['systemctl', 'enable', '--quiet', '--now', ...wait, name]);
        return { note: `${name} was started` };
      }
      // Enabling and disabling read the unit files again as well.
      if (isToEnable) await change(['systemctl', 'enable', '--quiet', name]);
      else if (!isEnabledAs(before, enabled))
        await change(['systemctl', 'disable', '--quiet', name]);
      else if (before.needsReload) await change(['systemctl', 'daemon-reload']);
      if (state === 'stopped' && !isStopped(before)) await change(['systemctl', 'stop', name]);
      if (verb === null) return {};
      await change(['systemctl', verb, ...wait, name]);
    } catch (thrown) {
      throw await withJournal(context.host, name, thrown);
    }
    return { note: verb === 'restart' ? `${name} was started again` : `${name} was started` };
  },
};

/** What brings the unit up with the files as they are now; null when nothing has to. */
function startVerb(unit: UnitLook, state: Args['state']): 'start' | 'restart' | null {
  if (state === 'stopped' || state === 'any') return null;
  if (isUp(unit, state) && !unit.isStale) return null;
  return isDown(unit) ? 'start' : 'restart';
}

interface UnitLook {
  readonly load: string;
  readonly active: string;
  readonly enablement: string;
  readonly needsReload: boolean;
  readonly isContentRight: boolean;
  /** A job waits in systemd's queue that begins a new process. */
  readonly isStartQueued: boolean;
  /** Its process is older than what it should run. */
  readonly isStale: boolean;
}

const SHOWN = `LoadState,ActiveState,UnitFileState,NeedDaemonReload,${STARTED},Job`;

async function look(args: Args, context: StepContext): Promise<UnitLook> {
  const { name, content, restartOn } = args;
  const { host } = context;
  const { properties, isStartQueued } = await showWithJob(name, context);
  const watched = content === null ? restartOn : [unitPath(name), ...restartOn];
  const times = await Promise.all(
    watched.map(async (path) => (await host.stat(path))?.mtimeMs ?? 0),
  );
  const startedMs = startOf(properties[STARTED], context.clock);
  const isContentRight = content === null || (await host.readFile(unitPath(name))) === content;
  return {
    load: properties['LoadState'] ?? '',
    active: properties['ActiveState'] ?? '',
    enablement: properties['UnitFileState'] ?? '',
    // A file that systemd has not read yet is "not-found" or, after a change, in need of a reload.
    needsReload:
      properties['NeedDaemonReload'] === 'yes' || properties['LoadState'] === 'not-found',
    isContentRight,
    isStartQueued,
    // What a queued start will replace, or what ran before the unit was stopped, is no longer of interest.
    isStale:
      !isStartQueued &&
      startedMs !== null &&
      times.some((mtimeMs) => mtimeMs > startedMs + CLOCK_SLACK_MS),
  };
}

interface Shown {
  readonly properties: Readonly<Record<string, string>>;
  readonly isStartQueued: boolean;
}

/** Between two questions a job can end and the next begin: asked again, this often at most. */
const MOST_LOOKS = 5;

/**
 * `show` tells the number of a unit's job and not its type, and until the job is run the unit looks
 * like one that nobody starts: only the list of jobs says which of the two it is.
 */
async function showWithJob(name: string, { host, signal }: StepContext): Promise<Shown> {
  for (let looks = 1; ; looks += 1) {
    const shown = await host.read(['systemctl', 'show', `--property=${SHOWN}`, name], { signal });
    const properties = parseProperties(shown.stdout);
    const job = properties['Job'] ?? '';
    if (job === '') return { properties, isStartQueued: false };
    const jobs = await host.read(['systemctl', 'list-jobs', '--no-legend', '--full'], { signal });
    const type = jobTypeOf(jobs.stdout, job);
    if (type === null && looks < MOST_LOOKS) continue;
    // A start job goes on while the new process comes up: then it is not ahead any more.
    const isBegun = ['active', 'activating', 'reloading'].includes(properties['ActiveState'] ?? '');
    return { properties, isStartQueued: type === 'restart' || (type === 'start' && !isBegun) };
  }
}

/** Two clocks are read one after the other. */
const CLOCK_SLACK_MS = 5;

function faultsOf(args: Args, unit: UnitLook): readonly string[] {
  const { name, state, enabled } = args;
  const faults: string[] = [];
  if (!unit.isContentRight) faults.push(`${unitPath(name)} has other content`);
  if (unit.needsReload && unit.isContentRight) faults.push(`systemd has not read ${name}`);
  if (!isEnabledAs(unit, enabled)) {
    faults.push(`${name} is ${enabled ? 'not enabled' : 'enabled'}`);
  }
  if (state === 'any') return faults;
  if (state === 'stopped')
    return isStopped(unit) ? faults : [...faults, `${name} is ${unit.active}`];
  if (!isUp(unit, state)) faults.push(`${name} is ${unit.active || 'not there'}`);
  if (unit.isStale) faults.push(`${name} runs with older files than those on the host`);
  return faults;
}

/** A unit without an [Install] section is `static`: there is nothing to enable. */
function isEnabledAs({ enablement }: UnitLook, enabled: boolean): boolean {
  if (!enabled) return enablement !== 'enabled';
  return ['enabled', 'static', 'alias', 'indirect', 'generated'].includes(enablement);
}

const isDown = ({ active }: UnitLook): boolean => active === 'inactive' || active === 'failed';

const isStopped = (unit: UnitLook): boolean => isDown(unit) && !unit.isStartQueued;

function isUp({ active, isStartQueued }: UnitLook, state: Args['state']): boolean {
  if (active === 'active') return true;
  return state === 'starting' && (active === 'activating' || isStartQueued);
}

const unitPath = (name: string): string => `/etc/systemd/system/${name}`;

/** What systemd itself says about a unit in its journal: true, and never the cause. */
const systemdsOwn =
  /^(Starting|Started|Stopping|Stopped|Failed to start) |: (Main process exited|Failed with result|Scheduled restart job|Consumed|Control process exited|Start request repeated)/;

/** systemctl only says to look at the journal: do that. */
async function withJournal(host: Host, name: string, thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof AppError) || thrown.code !== 'exec-failed') return thrown;
  const tail = await host
    .read(['journalctl', '--no-pager', '--quiet', '-o', 'cat', '-n', '20', '-u', name])
    .then(({ stdout }) => stdout.trimEnd())
    .catch(() => '');
  if (tail === '') return thrown;
  const lines = tail.split('\n');
  const own = lines.filter((line) => !systemdsOwn.test(line));
  return new AppError('exec-failed', `${name} did not start: ${own.at(-1) ?? lines.at(-1)}`, {
    retryable: true,
    details: { ...thrown.details, outputTail: tail },
    cause: thrown,
  });
}
