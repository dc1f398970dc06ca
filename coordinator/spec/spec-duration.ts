// Durations as cluster.yaml writes them: a number and s, m or h.
import { AppError } from '../../shared/errors.ts';

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** @throws AppError internal: the schema takes no other */
export function durationMs(text: string): number {
  const [, amount = '', unit = ''] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  const ofUnit = unitMs[unit];
  if (ofUnit === undefined) throw new AppError('internal', `${text} is no duration of a spec`);
  return Number(amount) * ofUnit;
}
