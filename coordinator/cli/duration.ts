// Durations and numbers as options give them. Pure.
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

/** A whole number of an option. @throws AppError usage */
export function parseCount(text: string, option: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new AppError('usage', `${option} ${JSON.stringify(text)}: expected a whole number`);
}
