// When the main process of a unit was started, as wall time: what is younger on the disk it does not run,
// and what was said earlier it did not say.
import type { Clock } from '../../shared/clock.ts';
import { parseProperties } from '../host/unit-state.ts';
import type { StepContext } from './step-runner.ts';

export const STARTED = 'ExecMainStartTimestampMonotonic';

/** @param monotonicUs as systemd shows it @returns null when there is no process */
export function startOf(monotonicUs: string | undefined, clock: Clock): number | null {
  const startedUs = Number(monotonicUs ?? '0');
  return startedUs > 0 ? clock.now() - (clock.boot() - startedUs / 1000) : null;
}

export async function startedAtMs(unit: string, context: StepContext): Promise<number | null> {
  const { host, clock, signal } = context;
  const shown = await host.read(['systemctl', 'show', `--property=${STARTED}`, unit], { signal });
  return startOf(parseProperties(shown.stdout)[STARTED], clock);
}
