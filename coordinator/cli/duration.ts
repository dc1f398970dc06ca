// Durations as people write them, and ages as they read them. Pure.
import { AppError } from '../../shared/errors.ts';

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90s`, `30m`, `1h30m`, `2d`. @throws AppError usage naming the option */
export function parseDuration(text: string, option: string): number {
  const parts = [...text.matchAll(/(\d+)(s|m|h|d)/g)];
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text;
  if (!isWhole) {
    throw new AppError(
      'usage',
      `${option} ${JSON.stringify(text)}: expected a duration such as 90s, 30m, 1h or 1h30m`,
    );
  }
  return parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? 's'] ?? 0),
    0,
  );
}

/** `12s`, `5m`, `3h`, `2d`; two units below ten of the larger one. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 10) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

/** Time that is left: rounded up, so that a fresh hour is an hour. */
export function formatRest(ms: number): string {
  const unit = ms > 60_000 ? 60_000 : 1000;
  return formatAge(Math.ceil(ms / unit) * unit);
}

/** A whole number of an option. @throws AppError usage */
export function parseCount(text: string, option: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new AppError('usage', `${option} ${JSON.stringify(text)}: expected a whole number`);
}
