// Maintenance windows: `CRON DURATION`, for example `0 22 * * 1-5 4h`, in UTC. In none of them nothing
// of a rollout begins; what is under way ends. Pure.
import { nextDue, scheduleFault } from './schedule.ts';
import { durationMs } from './spec-duration.ts';

export interface Window {
  readonly cron: string;
  readonly lengthMs: number;
}

/** Null: not a window. */
export function parseWindow(text: string): Window | null {
  const [, cron, length] = /^(\S+(?:\s+\S+){4})\s+(\d+[smh])$/.exec(text.trim()) ?? [];
  if (cron === undefined || length === undefined) return null;
  return scheduleFault(cron) === null ? { cron, lengthMs: durationMs(length) } : null;
}

/** @param windows of the spec; none: always open */
export function isOpenAt(windows: readonly string[], now: number): boolean {
  if (windows.length === 0) return true;
  return windows.some((text) => {
    const window = parseWindow(text);
    const beganMs = window === null ? null : nextDue(window.cron, now - window.lengthMs);
    return beganMs !== null && beganMs <= now;
  });
}

/** When the next one opens, milliseconds since 1970; null: never. */
export function opensAt(windows: readonly string[], now: number): number | null {
  const starts = windows.flatMap((text) => {
    const window = parseWindow(text);
    const start = window === null ? null : nextDue(window.cron, now);
    return start === null ? [] : [start];
  });
  return starts.length === 0 ? null : Math.min(...starts);
}
