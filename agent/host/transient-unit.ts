// Commands that change the host, each in a systemd unit of its own: it lives outside the
// agent's sandbox and control group, survives the agent's death, and its outcome stays readable.
//
// INVARIANTS
// - Type=oneshot with RemainAfterExit=yes: systemd-run comes back when the command has ended, and the
//   name cannot be taken twice before it is forgotten.
// - A unit that exists is never started again, whatever state it is in: it is waited for and read.
// - LoadState=not-found is "unknown", never success.
// - A unit is stopped or reset only by forgetUnits, or by the timeout or stop of its own step.
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { AppError, isAbort } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { untilAborted } from '../../shared/until-aborted.ts';
import { CLEAN_ENVIRONMENT, type RunCommand, tailOf } from './exec.ts';
import { listNames, readFileOrNull, removePath, writeFileAtomically } from './files.ts';
import type { ChangeOptions, CommandResult } from './host.ts';
import { parseProperties, type UnitState, unitStateOf } from './unit-state.ts';

export const UNIT_DIRECTORY = '/run/muster/units';

export interface TransientUnits {
  change(argv: readonly string[], options: ChangeOptions): Promise<CommandResult>;
  forgetUnits(prefixes: readonly string[]): Promise<void>;
}

export interface TransientUnitsOptions {
  readonly run: RunCommand;
  readonly clock: Clock;
  readonly log: Logger;
  /** @default /run/muster/units */
  readonly directory?: string;
}

const unitForm = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$/;
const SHOWN = 'LoadState,ActiveState,SubState,Result,ExecMainCode,ExecMainStatus';
const STOP_SECONDS = 10;
/** systemd ends a command at its timeout; past this much more, the agent does. */
const GRACE_MS = 15_000;
const STOP_TRIES = 25;
const POLL_FIRST_MS = 50;
const POLL_MAX_MS = 200;
const neverStopped = new AbortController().signal;

export function createTransientUnits(options: TransientUnitsOptions): TransientUnits {
  const { run, clock, log, directory = UNIT_DIRECTORY } = options;
  /** Units that ended well under our eyes: forgetting them needs no reset. */
  const succeeded = new Set<string>();
  const fileOf = (unit: string, suffix: string): string => join(directory, `${unit}.${suffix}`);

  async function change(argv: readonly string[], wanted: ChangeOptions): Promise<CommandResult> {
    const { unit } = wanted;
    if (!unitForm.test(unit)) throw new AppError('internal', `not a unit name: ${unit}`);
    wanted.signal?.throwIfAborted();
    await prepareFiles(unit, wanted.stdin);
    const stopped = wanted.signal ?? neverStopped;
    const starting = run(startArgv(argv, wanted), { timeoutMs: wanted.timeoutMs + GRACE_MS });
    try {
      const started = await untilAborted(stopped, starting);
      if (started.exitCode === 0) {
        succeeded.add(unit);
        return await resultOf(unit, 0);
      }
      return await settled(argv, wanted, { stopped, said: started.stderr });
    } catch (thrown) {
      const isLate = thrown instanceof AppError && thrown.code === 'timeout';
      if (isLate) await stopUnit(unit);
      if (isAbort(thrown)) {
        await stopStarting(unit, starting);
        wanted.signal?.throwIfAborted();
      }
      throw isLate ? await late(argv, wanted) : thrown;
    } finally {
      await removePath(fileOf(unit, 'in'));
    }
  }

  function startArgv(argv: readonly string[], wanted: ChangeOptions): string[] {
    const { unit } = wanted;
    const environment = Object.entries({ ...CLEAN_ENVIRONMENT, ...wanted.env });
    const properties = [
      'RemainAfterExit=yes',
      `TimeoutStartSec=${wanted.timeoutMs}ms`,
      `TimeoutStopSec=${STOP_SECONDS}`,
      `StandardOutput=file:${fileOf(unit, 'out')}`,
      `StandardError=file:${fileOf(unit, 'err')}`,
      ...(wanted.stdin === undefined ? [] : [`StandardInput=file:${fileOf(unit, 'in')}`]),
    ];
    return [
      ...['systemd-run', '--quiet', `--unit=${unit}`, '--service-type=oneshot'],
      ...properties.map((property) => `--property=${property}`),
      ...environment.map(([name, value]) => `--setenv=${name}=${value}`),
      ...['--', ...argv],
    ];
  }

  /** The end of a unit that did not simply succeed under our eyes. */
  async function settled(
    argv: readonly string[],
    wanted: ChangeOptions,
    seen: { readonly stopped: AbortSignal; readonly said: string },
  ): Promise<CommandResult> {
    const { unit } = wanted;
    const command = argv.join(' ');
    const deadline = clock.boot() + wanted.timeoutMs + GRACE_MS;
    for (let waitMs = POLL_FIRST_MS; ; waitMs = Math.min(waitMs * 2, POLL_MAX_MS)) {
      const state = await stateOf(unit);
      switch (state.kind) {
        case 'running':
          if (clock.boot() > deadline) throw new AppError('timeout', `unit ${unit} goes on`);
          await clock.sleep(waitMs, seen.stopped);
          continue;
        case 'exited': {
          const result = await resultOf(unit, state.exitCode);
          if (state.exitCode === 0) return result;
          throw failed(`\`${command}\` ended with exit code ${state.exitCode}`, command, result);
        }
        case 'killed': {
          const result = await resultOf(unit, 128);
          if (state.why === 'timeout') throw await late(argv, wanted);
          throw failed(`\`${command}\` was ended from outside: ${state.why}`, command, result);
        }
        case 'gone':
          throw notThere(command, unit, seen.said);
      }
    }
  }

  async function stateOf(unit: string): Promise<UnitState> {
    const shown = await run(['systemctl', 'show', `--property=${SHOWN}`, `${unit}.service`]);
    return unitStateOf(parseProperties(shown.stdout));
  }

  async function resultOf(unit: string, exitCode: number): Promise<CommandResult> {
    const [stdout, stderr] = await Promise.all([
      readFileOrNull(fileOf(unit, 'out')),
      readFileOrNull(fileOf(unit, 'err')),
    ]);
    return { exitCode, stdout: stdout ?? '', stderr: tailOf(stderr ?? '') };
  }

  async function late(argv: readonly string[], wanted: ChangeOptions): Promise<AppError> {
    const command = argv.join(' ');
    const result = await resultOf(wanted.unit, 128);
    return new AppError(
      'timeout',
      `\`${command}\` did not end within ${wanted.timeoutMs} ms and was stopped`,
      {
        retryable: true,
        details: { command, outputTail: outputTail(result) },
      },
    );
  }

  async function prepareFiles(unit: string, stdin: string | undefined): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    // The marker by which forgetUnits knows the unit; systemd writes to the same name.
    if ((await readFileOrNull(fileOf(unit, 'out'))) === null) {
      await writeFileAtomically(fileOf(unit, 'out'), '', 0o600);
    }
    if (stdin !== undefined) await writeFileAtomically(fileOf(unit, 'in'), stdin, 0o600);
  }

  async function stopUnit(unit: string): Promise<void> {
    log.info({ unit }, 'stopping the unit of a command');
    await run(['systemctl', 'stop', `${unit}.service`], { timeoutMs: (STOP_SECONDS + 20) * 1000 });
  }

  /** A stop may come before systemd knows the unit: it is repeated until systemd-run is back. */
  async function stopStarting(unit: string, starting: Promise<unknown>): Promise<void> {
    const back = starting.then(
      () => true,
      () => true,
    );
    for (let tries = 0; tries < STOP_TRIES; tries += 1) {
      await stopUnit(unit);
      if (await Promise.race([back, clock.sleep(POLL_MAX_MS).then(() => false)])) return;
    }
  }

  async function forgetUnits(prefixes: readonly string[]): Promise<void> {
    const isTheirs = (name: string): boolean => prefixes.some((prefix) => belongsTo(name, prefix));
    const files = (await listNames(directory)).filter(isTheirs);
    const units = [...new Set(files.map((name) => name.replace(/\.(out|err|in)$/, '')))];
    if (units.length === 0) return;
    const services = units.map((unit) => `${unit}.service`);
    // Stops what runs, with its control group, and forgets what succeeded; a failed one needs a reset.
    await run(['systemctl', 'stop', ...services], { timeoutMs: (STOP_SECONDS + 20) * 1000 });
    const isClean = units.every((unit) => succeeded.delete(unit));
    if (!isClean) await run(['systemctl', 'reset-failed', ...services]);
    for (const name of files) await removePath(join(directory, name));
  }

  return { change, forgetUnits };
}

/** Whether a file in the unit directory is of the unit `prefix` or of one of its followers `_2`, `_3`. */
export function belongsTo(fileName: string, prefix: string): boolean {
  const unit = fileName.replace(/\.(out|err|in)$/, '');
  return unit === prefix || unit.startsWith(`${prefix}_`);
}

/** What people need of the output: the end of stderr, or of stdout when there is none. */
function outputTail(result: CommandResult): string {
  const text = result.stderr.trim() === '' ? result.stdout : result.stderr;
  return tailOf(text.trimEnd(), 4096);
}

function failed(message: string, command: string, result: CommandResult): AppError {
  const tail = outputTail(result);
  const lastLine = tail.split('\n').at(-1) ?? '';
  return new AppError('exec-failed', lastLine === '' ? message : `${message}: ${lastLine}`, {
    retryable: true,
    details: { command, outputTail: tail, exitCode: result.exitCode },
  });
}

function notThere(command: string, unit: string, said: string): AppError {
  const details = { command, outputTail: said.trimEnd() };
  if (/Failed to (find executable|start transient|connect|parse|set)/i.test(said)) {
    return new AppError('exec-failed', `\`${command}\` was not started: ${said.trim()}`, {
      details,
    });
  }
  const message = `unit ${unit} is gone, so whether \`${command}\` ended well is not known: it is checked on the host`;
  return new AppError('outcome-unknown', message, { retryable: true, details });
}
