// Chance as a port, so that a test can repeat what happened.
import { randomBytes } from 'node:crypto';

export interface Random {
  /** In [0, 1), for spreading things over time. Never for a secret. */
  readonly fraction: () => number;
  /** For ids, nonces and secrets. */
  readonly bytes: (count: number) => Buffer;
}

export const systemRandom: Random = {
  fraction: Math.random,
  bytes: randomBytes,
};

/** 16 hex digits. */
export const newId = (random: Random): string => random.bytes(8).toString('hex');

/** Each character is as likely as the others. */
export function randomText(random: Random, alphabet: string, length: number): string {
  const usable = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    const [byte = 255] = random.bytes(1);
    if (byte < usable) text += alphabet[byte % alphabet.length];
  }
  return text;
}
