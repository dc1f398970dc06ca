// Ports as options give them. Pure.
import { AppError } from '../../shared/errors.ts';

/** @throws AppError usage naming the option */
export function parsePort(text: string, option: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port;
  throw new AppError('usage', `${option} ${JSON.stringify(text)}: expected a port, 0 to 65535`);
}
