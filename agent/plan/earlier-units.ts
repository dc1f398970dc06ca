// Units that an earlier, killed run of the agent left behind: before any check of the step they have
// ended, or are ended with their control group. A resumed attempt gets a unit name of its
// own, so that no command is ever taken for the result of another.
import type { Clock } from '../../shared/clock.ts';
import type { Host } from '../host/host.ts';
import { belongsTo, UNIT_DIRECTORY } from '../host/transient-unit.ts';
import { parseProperties, unitStateOf } from '../host/unit-state.ts';

export interface EarlierUnitsOptions {
  readonly host: Host;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly say: (sentence: string) => void;
}

const pollMs = 250;
/** A command whose marker is there but whose unit is not may still be on its way to systemd. */
const bornWithinMs = 1_500;
const shown = 'LoadState,ActiveState,SubState,Result,ExecMainCode,ExecMainStatus';

/** Waits until no unit of `prefixes` runs; what runs past the time is stopped. */
export async function endEarlierUnits(
  prefixes: readonly string[],
  options: EarlierUnitsOptions,
): Promise<void> {
  const { host, clock, signal } = options;
  if (prefixes.length === 0) return;
  const units = await unitsOf(prefixes, host);
  const began = clock.boot();
  let waiting = units;
  while (waiting.length > 0) {
    const elapsed = clock.boot() - began;
    if (elapsed > options.timeoutMs) {
      await host.forgetUnits(prefixes);
      return;
    }
    const states = await Promise.all(waiting.map((unit) => stateOf(unit, host)));
    waiting = waiting.filter((_, index) => {
      const state = states[index];
      return state === 'running' || (state === 'gone' && elapsed < bornWithinMs);
    });
    if (waiting.length === 0) return;
    options.say(`waiting for ${waiting.join(', ')}, begun before the agent was started again`);
    await clock.sleep(pollMs, signal);
  }
}

async function unitsOf(prefixes: readonly string[], host: Host): Promise<readonly string[]> {
  const names = await host.list(UNIT_DIRECTORY);
  const ours = names.filter((name) => prefixes.some((prefix) => belongsTo(name, prefix)));
  return [...new Set(ours.map((name) => name.replace(/\.(out|err|in)$/, '')))];
}

async function stateOf(unit: string, host: Host): Promise<string> {
  const result = await host.read(['systemctl', 'show', `--property=${shown}`, `${unit}.service`]);
  return unitStateOf(parseProperties(result.stdout)).kind;
}
