// Maintenance windows: `CRON DURATION`, for example `0 22 * * 1-5 4h`, in UTC. In none of them nothing
// of a rollout begins; what is under way ends. Pure.
import { Cron } from 'croner';
import { durationMs } from './spec-duration.ts';

export interface Window {
  readonly cron: string;
  readonly lengthMs: number;
}

/** Null: not a window. */
export function parseWindow(text: string): Window | null {
  const [, cron, length] = /^(\S+(?:\s+\S+){4})\s+(\d+[smh])$/.exec(text.trim()) ?? [];
  if (cron === undefined || length === undefined) return null;
  try {
    const next = new Cron(cron, { timezone: 'UTC', mode: '5-part' }).nextRun();
    return next === null ? null : { cron, lengthMs: durationMs(length) };
  } catch {
    return null; // croner says what it does not like by throwing
  }
}

/** @param windows of the spec; none: always open */
export function isOpenAt(windows: readonly string[], now: number): boolean {
  if (windows.length === 0) return true;
  return windows.some((text) => {
    const window = parseWindow(text);
    const beganMs = window === null ? null : nextStart(window, now - window.lengthMs);
    return beganMs !== null && beganMs <= now;
  });
}

/** When the next one opens, milliseconds since 1970; null: never. */
export function opensAt(windows: readonly string[], now: number): number | null {
  const starts = windows.flatMap((text) => {
    const window = parseWindow(text);
    const start = window === null ? null : nextStart(window, now);
    return start === null ? [] : [start];
  });
  return starts.length === 0 ? null : Math.min(...starts);
}

/** The first start after the moment. */
const nextStart = ({ cron }: Window, afterMs: number): number | null =>
  new Cron(cron, { timezone: 'UTC', mode: '5-part' }).nextRun(new Date(afterMs))?.getTime() ?? null;
