// Chance of one seed: the same seed and name give the same numbers, whoever else draws meanwhile.
// Each part of the world has its own, so that what one part draws does not move another's.
import type { Random } from '../../../shared/random.ts';

export interface Chance extends Random {
  /** In [least, most). */
  between(least: number, most: number): number;
  /** An integer in [0, count). */
  below(count: number): number;
  happens(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** Independent of what is drawn here. */
  of(name: string): Chance;
}

export function chanceOf(seed: string): Chance {
  const next = generator(seed);
  const fraction = (): number => next() / 2 ** 32;
  const below = (count: number): number => Math.floor(fraction() * count);
  return {
    fraction,
    below,
    bytes: (count) => {
      const bytes = Buffer.alloc(count);
      for (let at = 0; at < count; at += 1) bytes[at] = next() >>> 24;
      return bytes;
    },
    between: (least, most) => least + fraction() * (most - least),
    happens: (probability) => fraction() < probability,
    pick: (list) => {
      const one = list[below(list.length)];
      if (one === undefined) throw new Error('there is nothing to pick from');
      return one;
    },
    of: (name) => chanceOf(`${seed}/${name}`),
  };
}

/** 32 bits at a time (sfc32), from a text of any length. */
function generator(seed: string): () => number {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (const character of seed) {
    a = (a ^ (character.codePointAt(0) ?? 0)) | 0;
    next();
  }
  for (let round = 0; round < 12; round += 1) next();
  return next;
}
